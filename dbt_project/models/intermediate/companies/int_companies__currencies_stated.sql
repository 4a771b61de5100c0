{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        post_hook="{{ analyze(this) }}",
    )
}}

{%- set is_addition = is_incremental() and is_partial_build() %}

with

-- what is recorded later can be first only where nothing was heard before
items as (
    select * from {{ ref('dim_items') }}
    {%- if is_addition %}
        where recorded_from > {{ moment(of_this_run('changed_since')) }}
    {%- endif %}
),

currencies_set as (
    select * from {{ ref('int_companies__currencies_set') }}
),

-- a document that names no currency has that of the settings, as long as they say so: its whole life lies in theirs
documents as (
    select
        items.company_id,
        items.currency_code,
        items.company_currency_code,
        currencies_set.company_id is null as is_stated,
        items.recorded_from
    from items
    left join currencies_set
        on
            items.company_id = currencies_set.company_id
            and items.company_currency_code = currencies_set.company_currency_code
            and items.recorded_from >= currencies_set.recorded_from
            and items.recorded_to <= currencies_set.recorded_to
),

currencies_stated as (
    select
        company_id,
        currency_code,
        company_currency_code,
        is_stated,
        min(recorded_from) as recorded_from
    from documents
    group by
        company_id,
        currency_code,
        company_currency_code,
        is_stated
)

select stated.*
from currencies_stated as stated
{%- if is_addition %}
    where
        not exists (
            select 1
            from {{ this }} as known
            where
                known.company_id = stated.company_id
                and known.currency_code = stated.currency_code
                and known.company_currency_code is not distinct from stated.company_currency_code
                and known.is_stated = stated.is_stated
        )
{%- endif %}
