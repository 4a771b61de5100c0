with

open_items as (
    select * from {{ ref('fct_open_items') }}
),

unapplied as (
    select
        company_id,
        currency_code,
        customer_id,
        count(*) as open_items,
        sum(open_amount) as open_amount
    from open_items
    where item_type = 'unapplied_credit'
    group by
        company_id,
        currency_code,
        customer_id
)

select * from unapplied
