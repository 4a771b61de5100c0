{{ config(materialized='table', unlogged=true, post_hook="{{ analyze(this) }}") }}

with

settings as (
    select * from {{ ref('int_companies__settings_resolved') }}
),

-- other settings may change as they like: only a change of the currency begins a new life of what hangs on it
stretches as (
    {{ stretches_of('settings', ['company_id'], ['company_currency_code']) }}
),

-- of companies whose settings ever named one
currencies as (
    select
        company_id,
        company_currency_code,
        recorded_from,
        recorded_to
    from stretches
    where
        company_id in (
            select settings.company_id
            from settings
            where settings.company_currency_code is not null
        )
)

select * from currencies
