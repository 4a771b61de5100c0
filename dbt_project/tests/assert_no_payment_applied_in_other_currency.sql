{{ config(severity='warn') }}
-- law 9: money of one currency does not pay a debt in another; the money stays on the payment
with

allocations as (
    select * from {{ ref('int_ledger__allocations_astray') }}
),

items as (
    select * from {{ ref('dim_items') }}
),

items_known as {{ read_in_place() }} (
    select *
    from items
    where {{ is_known('items', known_at()) }}
),

-- few allocations: each part is found by an index of the items
targets as (
    select
        allocations.allocation_id,
        items_known.currency_code
    from allocations
    inner join items_known on allocations.invoice_id = items_known.invoice_id
    where items_known.item_type = 'instalment'

    union distinct

    select
        allocations.allocation_id,
        items_known.currency_code
    from allocations
    inner join items_known on allocations.instalment_id = items_known.item_id
    where
        allocations.invoice_id is null
        and items_known.item_type = 'instalment'
)

select
    allocations.allocation_id,
    allocations.allocated_amount,
    settlements.currency_code,
    targets.currency_code as invoice_currency_code
from allocations
inner join items_known as settlements
    on
        settlements.item_id = coalesce(
            'payment:' || allocations.payment_id,
            'credit_note:' || allocations.credit_note_id
        )
inner join targets on allocations.allocation_id = targets.allocation_id
where settlements.currency_code <> targets.currency_code
