{{ config(severity='warn') }}
-- law 9: money of one currency does not pay a debt in another; the money stays on the payment
with

allocations as (
    select * from {{ ref('stg_files__allocations') }}
),

items as (
    select * from {{ ref('dim_items') }}
),

items_known as (
    select *
    from items
    where {{ is_known('items', known_at()) }}
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
where
    not allocations.is_deleted
    and {{ is_known('allocations', known_at()) }}
    and settlements.currency_code <> targets.currency_code
