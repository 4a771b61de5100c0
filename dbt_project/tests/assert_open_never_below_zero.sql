-- law 2: a debt is above zero; what was paid beyond it is credit
select
    item_id,
    open_amount
from {{ ref('fct_open_items') }}
where
    item_type = 'instalment'
    and open_amount <= 0
