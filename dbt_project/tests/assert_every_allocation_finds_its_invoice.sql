{{ config(severity='warn') }}
-- an allocation to an invoice or instalment that is unknown, deleted or void: the money stays on the payment
with

allocations as (
    select * from {{ ref('stg_files__allocations') }}
),

items as (
    select * from {{ ref('dim_items') }}
),

allocations_known as (
    select *
    from allocations
    where
        not is_deleted
        and {{ is_known('allocations', known_at()) }}
),

instalments_known as (
    select *
    from items
    where
        item_type = 'instalment'
        and {{ is_known('items', known_at()) }}
),

allocations_found as (
    select allocations_known.allocation_id
    from allocations_known
    inner join instalments_known on allocations_known.instalment_id = instalments_known.item_id
    where
        allocations_known.invoice_id is null
        or allocations_known.invoice_id = instalments_known.invoice_id

    union distinct

    select allocations_known.allocation_id
    from allocations_known
    inner join instalments_known on allocations_known.invoice_id = instalments_known.invoice_id
    where
        allocations_known.instalment_id is null
        or instalments_known.item_id = instalments_known.invoice_id || ':1'
)

select
    allocations_known.allocation_id,
    allocations_known.invoice_id,
    allocations_known.instalment_id,
    allocations_known.allocated_amount
from allocations_known
left join allocations_found on allocations_known.allocation_id = allocations_found.allocation_id
where allocations_found.allocation_id is null
