{{ config(severity='warn') }}
-- one customer's invoice with the same number, currency and amount in two sources counts twice until one of them is
-- left out
with

invoices as (
    select * from {{ ref('int_sources__invoices_united') }}
    where {{ 'true' if var('payment_books') else 'false' }}
),

doubled as (
    select
        company_id,
        customer_id,
        document_number,
        currency_code,
        total_amount,
        min(invoice_id) as first_invoice_id,
        max(invoice_id) as last_invoice_id
    from invoices
    where
        not is_deleted
        and status in ('open', 'paid')
        and {{ is_known('invoices', known_at()) }}
    group by company_id, customer_id, document_number, currency_code, total_amount
    having count(distinct source) > 1
)

select * from doubled
