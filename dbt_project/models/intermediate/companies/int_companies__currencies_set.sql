{{ config(materialized='table', unlogged=true, post_hook="{{ analyze(this) }}") }}

with

settings as (
    select * from {{ ref('int_companies__settings_resolved') }}
),

changes_marked as (
    select
        company_id,
        company_currency_code,
        recorded_from,
        count(*) over (partition by company_id order by recorded_from) as span_number,
        count(company_currency_code) over (partition by company_id) as spans_with_currency,
        lag(company_currency_code) over (partition by company_id order by recorded_from) as last_currency_code
    from settings
),

-- other settings may change as they like: only a change of the currency begins a new life of what hangs on it
currencies as (
    select
        company_id,
        company_currency_code,
        recorded_from,
        {{ until_next(['company_id']) }} as recorded_to
    from changes_marked
    where
        spans_with_currency > 0
        and (span_number = 1 or company_currency_code is distinct from last_currency_code)
)

select * from currencies
