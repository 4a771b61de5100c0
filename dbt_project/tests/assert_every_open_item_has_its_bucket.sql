-- debts are aged, credit is not
select
    item_id,
    item_type,
    bucket
from {{ ref('fct_open_items') }}
where
    (item_type = 'instalment' and (bucket is null or days_past_due is null))
    or (item_type = 'unapplied_credit' and bucket is not null)
