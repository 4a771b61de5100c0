{{ config(materialized='view') }}

-- the function open_items is made with {{ ref('fct_open_items') }}
with

dates as (
    select * from {{ ref('dim_dates') }}
),

flows as (
    select * from {{ ref('fct_daily_flows') }}
),

days as (
    select dates.calendar_date
    from dates
    where
        dates.calendar_id = 'none'
        and dates.calendar_date >= (select min(flows.effective_date) from flows)
        and dates.calendar_date <= {{ as_of_date() }}
),

open_items as (
    {{ open_items_on('days', known_at()) }}
),

aging as (
    select
        as_of_date,
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
        as_of_date,
        company_id,
        currency_code,
        customer_id,
        bucket
)

select * from aging
