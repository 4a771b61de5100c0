{{ config(severity='warn') }}
-- more was applied than was received: the allocations, or the payment, are wrong in the source
select
    item_id,
    currency_code,
    item_amount,
    open_amount as applied_beyond_amount
from {{ ref('fct_open_items') }}
where
    item_type = 'unapplied_credit'
    and open_amount > 0
