{{ config(severity='warn') }}
-- an allocation to an invoice or instalment that is unknown, deleted or void: the money stays on the payment
with

allocations as (
    select * from {{ ref('int_ledger__allocations_astray') }}
),

items as (
    select * from {{ ref('dim_items') }}
),

instalments_known as {{ read_in_place() }} (
    select
        items.item_id,
        items.invoice_id
    from items
    where
        items.item_type = 'instalment'
        and {{ is_known('items', known_at()) }}
),

-- few allocations: each part is found by an index of the items
allocations_found as (
    select allocations.allocation_id
    from allocations
    inner join instalments_known on allocations.instalment_id = instalments_known.item_id
    where
        allocations.invoice_id is null
        or allocations.invoice_id = instalments_known.invoice_id

    union distinct

    select allocations.allocation_id
    from allocations
    inner join instalments_known on allocations.invoice_id = instalments_known.invoice_id
    where
        allocations.instalment_id is null
        or instalments_known.item_id = instalments_known.invoice_id || ':1'
)

select
    allocations.allocation_id,
    allocations.invoice_id,
    allocations.instalment_id,
    allocations.allocated_amount
from allocations
left join allocations_found on allocations.allocation_id = allocations_found.allocation_id
where allocations_found.allocation_id is null
