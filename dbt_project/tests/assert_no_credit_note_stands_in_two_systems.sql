{{ config(severity='warn') }}
-- credit notes go with their invoice to the one that is kept, whose source may have given the same credit
with

links as (
    select * from {{ ref('int_receivables__invoice_links_judged') }}
),

allocations as (
    select * from {{ ref('int_sources__allocations_united') }}
),

moved as (
    select
        allocations.credit_note_id,
        allocations.invoice_id,
        allocations.allocated_amount
    from allocations
    inner join links
        on
            allocations.stated_invoice_id = links.invoice_id
            and allocations.invoice_id = links.kept_invoice_id
            and {{ is_known('links', known_at()) }}
    where
        allocations.credit_note_id is not null
        and not allocations.is_deleted
        and {{ is_known('allocations', known_at()) }}
)

select
    moved.credit_note_id,
    allocations.credit_note_id as other_credit_note_id,
    moved.invoice_id,
    moved.allocated_amount
from moved
inner join allocations
    on
        moved.invoice_id = allocations.stated_invoice_id
        and moved.allocated_amount = allocations.allocated_amount
where
    allocations.credit_note_id is not null
    and not allocations.is_deleted
    and {{ is_known('allocations', known_at()) }}
