{{ config(severity='warn') }}
-- an allocation of a payment or credit note that is unknown, deleted or void reduces nothing
with

allocations as (
    select * from {{ ref('int_ledger__allocations_astray') }}
),

items as (
    select * from {{ ref('dim_items') }}
),

items_known as (
    select items.item_id
    from items
    where {{ is_known('items', known_at()) }}
)

select
    allocations.allocation_id,
    allocations.payment_id,
    allocations.credit_note_id,
    allocations.allocated_amount
from allocations
left join items_known
    on
        items_known.item_id = coalesce(
            'payment:' || allocations.payment_id,
            'credit_note:' || allocations.credit_note_id
        )
where items_known.item_id is null
