-- the functions of risk read the ledger
-- depends_on: {{ ref('fct_ledger_entries') }}
-- depends_on: {{ ref('fct_daily_flows') }}
{{ config(post_hook=["{{ analyze(this) }}", "{{ create_risk_functions() }}"]) }}

with

settled as (
    select * from {{ ref('fct_settled_without_cash') }}
),

debts as (
    {{ debts_at_points(as_of_date(), 30, 1, known_at(), ref('fct_item_balances')) }}
),

moves as (
    {{ debt_moves('debts', as_of_date(), 30, 1, 'settled') }}
),

rates as (
    {{ roll_rates(['company_id', 'currency_code'], 'moves') }}
),

roll_rates as (
    select
        -- ids
        company_id,

        -- attributes
        currency_code,
        method,
        basis,
        bucket,
        next_bucket,

        -- amounts, or numbers of debts
        cast(numerator as numeric(24, 6)) as numerator,
        cast(denominator as numeric(24, 6)) as denominator,
        cast(roll_rate_pct as numeric(24, 6)) as roll_rate_pct,
        cast(flow_through_pct as numeric(24, 6)) as flow_through_pct,
        reason
    from rates
)

select * from roll_rates
