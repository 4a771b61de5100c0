{{ config(severity='warn') }}
-- an instalment of an invoice that was never delivered, or was deleted, is no debt
with

instalments as (
    select * from {{ ref('int_sources__instalments_united') }}
),

invoices as (
    select * from {{ ref('int_sources__invoices_united') }}
),

invoices_known as (
    select invoice_id
    from invoices
    where
        not is_deleted
        and {{ is_known('invoices', known_at()) }}
)

select
    instalments.instalment_id,
    instalments.invoice_id,
    instalments.instalment_amount
from instalments
left join invoices_known on instalments.invoice_id = invoices_known.invoice_id
where
    not instalments.is_deleted
    and {{ is_known('instalments', known_at()) }}
    and invoices_known.invoice_id is null
