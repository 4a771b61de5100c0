-- law 3: aging and unapplied credit together show every open item once
with

open_items as (
    select * from {{ ref('fct_open_items') }}
),

aging as (
    select * from {{ ref('fct_aging') }}
),

unapplied as (
    select * from {{ ref('fct_unapplied') }}
),

sides_unioned as (
    select
        company_id,
        currency_code,
        open_amount
    from open_items

    union all

    select
        company_id,
        currency_code,
        -open_amount as open_amount
    from aging

    union all

    select
        company_id,
        currency_code,
        -open_amount as open_amount
    from unapplied
)

select
    company_id,
    currency_code,
    sum(open_amount) as difference_amount
from sides_unioned
group by
    company_id,
    currency_code
having sum(open_amount) <> 0
