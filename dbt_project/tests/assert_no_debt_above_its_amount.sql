{{ config(severity='warn') }}
-- more was charged back than had been paid, or a write-off was taken back twice: the source is wrong
select
    item_id,
    currency_code,
    item_amount,
    open_amount
from {{ ref('fct_open_items') }}
where
    item_type = 'instalment'
    and open_amount > item_amount
