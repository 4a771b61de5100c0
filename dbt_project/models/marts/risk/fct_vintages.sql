{{ config(post_hook=["{{ analyze(this) }}", "{{ create_risk_functions() }}"]) }}

with

settled as (
    {{ settled_without_cash(known_at(), ref('fct_ledger_entries'), ref('fct_item_balances')) }}
),

placements as (
    {{ placements(as_of_date(), known_at(), 1, 12, ref('fct_item_balances')) }}
),

changes as (
    {{ placement_changes(as_of_date(), known_at(), 30, 'placements', ref('fct_item_balances'), 'settled') }}
),

curves as (
    {{ vintage_curves(as_of_date(), 30, 12, 'changes') }}
),

vintages as (
    select
        company_id,
        currency_code,
        cohort_month,
        step,
        days_since_placement,
        is_complete,
        placed_items,
        cast(placed_amount as numeric(24, 6)) as placed_amount,
        cast(collected_amount as numeric(24, 6)) as collected_amount,
        cast(credited_amount as numeric(24, 6)) as credited_amount,
        cast(written_off_amount as numeric(24, 6)) as written_off_amount,
        cast(open_amount as numeric(24, 6)) as open_amount,
        cast(collected_pct as numeric(24, 6)) as collected_pct
    from curves
    where cohort_month is not null
)

select * from vintages
