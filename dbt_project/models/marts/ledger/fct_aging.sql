with

open_items as (
    select * from {{ ref('fct_open_items') }}
),

aging as (
    select
        company_id,
        currency_code,
        customer_id,
        bucket,
        count(*) as open_items,
        sum(open_amount) as open_amount,
        sum(case when is_disputed then open_amount else 0 end) as disputed_amount,
        sum(case when promised_date is not null then open_amount else 0 end) as promised_amount
    from open_items
    where item_type = 'instalment'
    group by
        company_id,
        currency_code,
        customer_id,
        bucket
)

select * from aging
