{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='recorded_at',
        on_schema_change='fail',
        post_hook=[
            "{{ analyze(this) }}",
            "{{ index_unless_there(ref('fct_ledger_entries'), 'origin_id') }}",
            "{{ index_unless_there(ref('fct_ledger_entries'), 'family_id') }}",
            "{{ index_unless_there(ref('fct_ledger_entries'), 'entry_type', only=is_without_cash()) }}",
            "{{ index_unless_there(ref('fct_ledger_entries'), 'effective_date', only=is_of_sales()) }}",
        ],
    )
}}

-- after the pools, so that it runs beside the balances, which keep one core busy for long
-- depends_on: {{ ref('int_ledger__pools_spread') }}

with

entries as (
    select * from {{ ref('fct_ledger_entries') }}
),

touched as (
    select * from {{ ref('int_ledger__documents_touched') }}
),

-- what is applied only shifts between two items of a company
entries_flowing as (
    select *
    from entries
    where
        entry_type not in ('applied', 'credited')
        {% if is_partial_build() %}
            and origin_id in (select touched.document_type || ':' || touched.document_id from touched)
        {% endif %}
),

-- a version that ends is taken back at that moment, so what is known at any moment is a plain sum
appeared as (
    select
        company_id,
        currency_code,
        entry_type,
        effective_date,
        document_date as rate_date,
        recorded_from as recorded_at,
        amount,
        document_fx_rate,
        1 as entries
    from entries_flowing
),

withdrawn as (
    select
        company_id,
        currency_code,
        entry_type,
        effective_date,
        document_date as rate_date,
        recorded_to as recorded_at,
        -amount as amount,
        document_fx_rate,
        -1 as entries
    from entries_flowing
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
        rate_date,
        recorded_at,
        cast(sum(amount) as numeric(24, 6)) as amount,
        cast(sum(coalesce(amount * document_fx_rate, 0)) as numeric(24, 6)) as document_company_amount,
        cast(sum(case when document_fx_rate is null then amount else 0 end) as numeric(24, 6)) as unrated_amount,
        cast(sum(entries) as bigint) as entries
    from unioned
    {% if is_partial_build() %}
        where recorded_at > {{ moment(of_this_run('changed_since')) }}
    {% endif %}
    group by
        company_id,
        currency_code,
        entry_type,
        effective_date,
        rate_date,
        recorded_at
)

select * from flows
