{{ config(severity='warn') }}
-- law 9: money of one currency does not pay a debt in another; the money stays on the payment
with

allocations as (
    select * from {{ ref('int_ledger__allocations_astray') }}
),

items as (
    select * from {{ ref('dim_items') }}
),

items_known as (
    select *
    from items
    where
        {{ is_known('items', known_at()) }}
        and (
            item_id in (
                select coalesce('payment:' || allocations.payment_id, 'credit_note:' || allocations.credit_note_id)
                from allocations
            )
            or item_id in (select allocations.instalment_id from allocations)
            or invoice_id in (select allocations.invoice_id from allocations)
        )
),

targets as (
    select
        item_id as target_id,
        currency_code
    from items_known
    where item_type = 'instalment'

    union distinct

    select
        invoice_id as target_id,
        currency_code
    from items_known
    where item_type = 'instalment'
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
inner join targets
    on coalesce(allocations.invoice_id, allocations.instalment_id) = targets.target_id
where settlements.currency_code <> targets.currency_code
