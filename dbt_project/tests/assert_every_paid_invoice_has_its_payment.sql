{{ config(severity='warn') }}
-- the source says paid, but gives no paid date, paid amount or allocation that covers it: it stays open
with

invoices as (
    select * from {{ ref('int_sources__invoices_united') }}
),

entries as (
    select * from {{ ref('fct_ledger_entries') }}
),

invoice_balances as (
    select
        invoice_id,
        sum(amount) as open_amount
    from entries
    where
        item_type = 'instalment'
        and {{ is_known('entries', known_at()) }}
    group by invoice_id
)

select
    invoices.invoice_id,
    invoices.currency_code,
    invoice_balances.open_amount
from invoices
inner join invoice_balances on invoices.invoice_id = invoice_balances.invoice_id
where
    not invoices.is_deleted
    and invoices.status = 'paid'
    and {{ is_known('invoices', known_at()) }}
    and invoice_balances.open_amount > 0
