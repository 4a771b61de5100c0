{{ config(materialized='view') }}

-- the function open_items is made with {{ ref('fct_open_items') }}
with

dates as (
    select * from {{ ref('dim_dates') }}
),

flows as (
    select * from {{ ref('fct_daily_flows') }}
),

month_ends as (
    select dates.calendar_date
    from dates
    where
        dates.calendar_id = 'none'
        and dates.calendar_date >= (select min(flows.effective_date) from flows)
        and dates.calendar_date <= {{ as_of_date() }}
        and {{ is_month_end('dates.calendar_date') }}
),

open_items as (
    {{ open_items_on('month_ends', known_at()) }}
)

select * from open_items
