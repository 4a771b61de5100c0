with

document_currencies as (
    select * from {{ ref('base_sapb1__document_currencies') }}
),

incoming_payments as (
    select * from {{ source('sapb1', 'incoming_payments') }}
),

outgoing_payments as (
    select * from {{ source('sapb1', 'outgoing_payments') }}
),

payments as (
    select
        '24' as payment_type,
        source,
        record_key,
        "CardCode",
        currency,
        company_currency,
        "DocDate",
        "Cancelled",
        "PaymentInvoices",
        is_deleted,
        recorded_from,
        recorded_to
    from incoming_payments

    union all

    select
        '46' as payment_type,
        source,
        record_key,
        "CardCode",
        currency,
        company_currency,
        "DocDate",
        "Cancelled",
        "PaymentInvoices",
        is_deleted,
        recorded_from,
        recorded_to
    from outgoing_payments
),

lines as (
    select
        payments.payment_type,
        payments.source,
        payments.record_key,
        payments."CardCode" as customer_code,
        payments.currency as payment_currency_code,
        payments.company_currency as company_currency_code,
        payments."DocDate" as payment_date,
        payments.recorded_from,
        payments.recorded_to,
        payments.is_deleted or coalesce(payments."Cancelled", 'tNO') = 'tYES' as is_deleted,
        cast({{ json_text('item', 'LineNum') }} as bigint) as line_number,
        case {{ json_text('item', 'InvoiceType') }}
            when 'it_Invoice' then 'debit'
            when 'it_CredItnote' then 'credit'
            when 'it_Receipt' then 'credit'
            when 'it_PaymentAdvice' then 'debit'
        end as stated_side,
        case {{ json_text('item', 'InvoiceType') }}
            when 'it_Invoice' then '13:'
            when 'it_CredItnote' then '14:'
            when 'it_Receipt' then '24:'
            when 'it_PaymentAdvice' then '46:'
            when 'it_JournalEntry' then '30:'
            when 'it_OpeningBalance' then '30:'
        end
        || {{ json_text('item', 'DocEntry') }}
        || case
            when {{ json_text('item', 'InvoiceType') }} in ('it_JournalEntry', 'it_OpeningBalance')
                then ':' || coalesce({{ json_text('item', 'DocLine') }}, '0')
            else ''
        end as document_key,
        {{ json_text('item', 'InstallmentId') }} as instalment_number,
        cast({{ json_text('item', 'SumApplied') }} as numeric(24, 6)) as local_amount,
        cast({{ json_text('item', 'AppliedFC') }} as numeric(24, 6)) as foreign_amount,
        coalesce(cast({{ json_text('item', 'TotalDiscount') }} as numeric(24, 6)), 0) as local_discount_amount,
        coalesce(cast({{ json_text('item', 'TotalDiscountFC') }} as numeric(24, 6)), 0) as foreign_discount_amount
    from payments
    {{ json_items('payments."PaymentInvoices"', 'item') }}
),

-- a line is in the currency of its document, beside that in the company's; one of a document that is not read is not
-- followed any further
resolved as (
    select
        lines.*,
        coalesce(lines.stated_side, document_currencies.side, 'other') as side,
        coalesce(document_currencies.currency_code, lines.payment_currency_code) as currency_code,
        coalesce(document_currencies.currency_code, lines.company_currency_code) = lines.company_currency_code
            as is_local
    from lines
    left join document_currencies
        on
            lines.source = document_currencies.source
            and lines.document_key = document_currencies.document_key
),

valued as (
    select
        payment_type,
        source,
        record_key,
        customer_code,
        payment_date,
        line_number,
        side,
        document_key,
        instalment_number,
        currency_code,
        abs(case when is_local then local_amount else foreign_amount end) as line_amount,
        case side when 'credit' then -abs(local_amount) else local_amount end as local_amount,
        case when is_local then local_discount_amount else foreign_discount_amount end as discount_amount,
        is_deleted,
        recorded_from,
        recorded_to
    from resolved
)

select * from valued
