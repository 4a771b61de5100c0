{{
    config(
        indexes=[{'columns': ['currency_code', 'company_currency_code', 'rate_date']}],
        post_hook="{{ analyze(this) }}",
    )
}}

with

fx_rates as (
    select * from {{ ref('int_sources__fx_rates_united') }}
),

versions as (
    select
        fx_rate_id,
        company_id,
        currency_code,
        company_currency_code,
        rate_date,
        cast(rate as numeric(24, 12)) as rate,
        source,
        recorded_from,
        recorded_to
    from fx_rates
    where not is_deleted
)

select * from versions
