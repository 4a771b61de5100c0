{{ config(severity='warn') }}
-- a paid amount without a date counts from the day on which it was first recorded, which may be late
with

invoices as (
    select * from {{ ref('int_sources__invoices_united') }}
),

items as (
    select * from {{ ref('dim_items') }}
)

select
    invoices.invoice_id,
    invoices.paid_amount,
    items.issue_date as counted_from_date
from invoices
inner join items
    on
        'invoice_payment:' || invoices.invoice_id = items.item_id
        and {{ is_known('items', known_at()) }}
where
    not invoices.is_deleted
    and invoices.paid_date is null
    and invoices.paid_amount > 0
    and {{ is_known('invoices', known_at()) }}
