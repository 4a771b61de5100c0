{{ config(severity='warn') }}
-- an instalment of an invoice that was never delivered, or was deleted, is no debt
with

questioned as (
    select * from {{ ref('int_receivables__instalments_questioned') }}
),

instalments as (
    select * from {{ ref('int_sources__instalments_united') }}
),

invoices_unknown as (
    select invoice_id
    from questioned
    where not is_invoice_known
)

select
    instalments.instalment_id,
    instalments.invoice_id,
    instalments.instalment_amount
from instalments
inner join invoices_unknown on instalments.invoice_id = invoices_unknown.invoice_id
where
    not instalments.is_deleted
    and {{ is_known('instalments', known_at()) }}
