{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='recorded_at',
        on_schema_change='fail',
        post_hook="{{ analyze(this) }}",
    )
}}

with

entries as (
    select * from {{ ref('fct_ledger_entries') }}
),

-- a version that ends is taken back at that moment, so what is known at any moment is a plain sum
appeared as (
    select
        company_id,
        currency_code,
        entry_type,
        effective_date,
        recorded_from as recorded_at,
        amount,
        1 as entries
    from entries
),

withdrawn as (
    select
        company_id,
        currency_code,
        entry_type,
        effective_date,
        recorded_to as recorded_at,
        -amount as amount,
        -1 as entries
    from entries
    where recorded_to < {{ forever() }}
),

unioned as (
    select * from appeared
    union all
    select * from withdrawn
),

flows as (
    select
        company_id,
        currency_code,
        entry_type,
        effective_date,
        recorded_at,
        cast(sum(amount) as numeric(24, 6)) as amount,
        cast(sum(entries) as bigint) as entries
    from unioned
    {% if is_partial_build() %}
        where recorded_at > {{ moment(var('changed_since')) }}
    {% endif %}
    group by
        company_id,
        currency_code,
        entry_type,
        effective_date,
        recorded_at
)

select * from flows
