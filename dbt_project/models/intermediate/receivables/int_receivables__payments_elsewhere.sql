with

books as (
    select * from {{ ref('int_companies__payments_counted') }}
),

documents as (
    {{ payment_documents() }}
),

elsewhere as (
    select
        documents.document_type,
        documents.document_id,
        documents.company_id,
        documents.customer_id,
        documents.document_number,
        documents.currency_code,
        documents.document_amount,
        documents.document_date,
        documents.source,
        {{ later_start('documents', 'books') }} as recorded_from,
        {{ earlier_end('documents', 'books') }} as recorded_to
    from documents
    inner join books
        on
            documents.company_id = books.company_id
            and documents.source = books.source
            and not books.is_counted
            and {{ lives_overlap('documents', 'books') }}
)

select * from elsewhere
