{{ config(materialized='table', unlogged=true, post_hook="{{ analyze(this) }}") }}

with

items as (
    select * from {{ ref('dim_items') }}
),

currencies_stated as (
    select
        company_id,
        currency_code,
        company_currency_code,
        min(recorded_from) as recorded_from
    from items
    group by
        company_id,
        currency_code,
        company_currency_code
)

select * from currencies_stated
