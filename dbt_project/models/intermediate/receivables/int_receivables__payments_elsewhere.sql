with

books as (
    select * from {{ ref('int_companies__payments_counted') }}
),

documents as (
    {%- for system, plurals in var('systems').items() if var('payment_books') %}
        {%- for plural, type, amount, date in [
            ('payments', 'payment', 'payment_amount', 'received_date'),
            ('refunds', 'refund', 'refunded_amount', 'refund_date'),
            ('chargebacks', 'chargeback', 'charged_back_amount', 'chargeback_date'),
        ] if plural in plurals %}
    select
        '{{ type }}' as document_type,
        {{ type }}_id as document_id,
        company_id,
        customer_id,
        document_number,
        currency_code,
        {{ amount }} as document_amount,
        {{ date }} as document_date,
        source,
        recorded_from,
        recorded_to
    from {{ ref('stg_' ~ system ~ '__' ~ plural) }}
    where
        not is_deleted
        {% if type == 'payment' %}and status <> 'cancelled'{% endif %}
    union all
        {%- endfor %}
    {%- endfor %}
    select
        cast(null as text) as document_type,
        cast(null as text) as document_id,
        cast(null as text) as company_id,
        cast(null as text) as customer_id,
        cast(null as text) as document_number,
        cast(null as text) as currency_code,
        cast(null as numeric(24, 6)) as document_amount,
        cast(null as date) as document_date,
        cast(null as text) as source,
        {{ forever() }} as recorded_from,
        {{ forever() }} as recorded_to
    where false
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
