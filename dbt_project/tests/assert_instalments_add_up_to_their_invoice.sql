{{ config(severity='warn') }}
-- the ledger holds the instalments; where they differ from the invoice's total, one of the two is wrong
with

items as (
    select * from {{ ref('dim_items') }}
),

invoices as (
    select * from {{ ref('int_sources__invoices_united') }}
),

instalments as (
    select * from {{ ref('int_sources__instalments_united') }}
),

-- one that never had instalments is one by itself, of its total
invoices_itemised as (
    select distinct invoice_id from instalments
),

instalment_sums as (
    select
        invoice_id,
        sum(item_amount) as instalments_amount
    from items
    where
        item_type = 'instalment'
        and {{ is_known('items', known_at()) }}
        and invoice_id in (select invoices_itemised.invoice_id from invoices_itemised)
    group by invoice_id
)

select
    invoices.invoice_id,
    invoices.total_amount,
    coalesce(instalment_sums.instalments_amount, 0) as instalments_amount
from invoices
inner join invoices_itemised on invoices.invoice_id = invoices_itemised.invoice_id
left join instalment_sums on invoices.invoice_id = instalment_sums.invoice_id
where
    not invoices.is_deleted
    and invoices.document_type = 'invoice'
    and invoices.status in ('open', 'paid')
    and {{ is_known('invoices', known_at()) }}
    and invoices.total_amount <> coalesce(instalment_sums.instalments_amount, 0)
