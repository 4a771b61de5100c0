with

document_currencies as (
    select * from {{ ref('base_sapb1__document_currencies') }}
),

incoming_payments as (
    select * from {{ source('sapb1', 'incoming_payments') }}
),

lines as (
    select
        incoming_payments.source,
        incoming_payments.record_key,
        incoming_payments."CardCode" as customer_code,
        incoming_payments.currency as payment_currency_code,
        incoming_payments.company_currency as company_currency_code,
        incoming_payments."DocDate" as payment_date,
        incoming_payments.recorded_from,
        incoming_payments.recorded_to,
        incoming_payments.is_deleted or coalesce(incoming_payments."Cancelled", 'tNO') = 'tYES' as is_deleted,
        cast({{ json_text('item', 'LineNum') }} as bigint) as line_number,
        case {{ json_text('item', 'InvoiceType') }}
            when 'it_Invoice' then 'debit'
            when 'it_CredItnote' then 'credit'
            when 'it_Receipt' then 'credit'
            else 'other'
        end as side,
        case {{ json_text('item', 'InvoiceType') }}
            when 'it_Invoice' then '13:'
            when 'it_CredItnote' then '14:'
            when 'it_Receipt' then '24:'
        end || {{ json_text('item', 'DocEntry') }} as document_key,
        {{ json_text('item', 'InstallmentId') }} as instalment_number,
        cast({{ json_text('item', 'SumApplied') }} as numeric(24, 6)) as local_amount,
        cast({{ json_text('item', 'AppliedFC') }} as numeric(24, 6)) as foreign_amount,
        coalesce(cast({{ json_text('item', 'TotalDiscount') }} as numeric(24, 6)), 0) as local_discount_amount,
        coalesce(cast({{ json_text('item', 'TotalDiscountFC') }} as numeric(24, 6)), 0) as foreign_discount_amount
    from incoming_payments
    {{ json_items('incoming_payments."PaymentInvoices"', 'item') }}
),

-- a line is in the currency of its document, beside that in the company's; one of a document that is not read is not
-- followed any further
resolved as (
    select
        lines.*,
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
