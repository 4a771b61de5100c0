{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        post_hook="{{ analyze(this) }}",
    )
}}

-- with one source alone nobody asks
{%- set has_begun = false -%}
{%- if is_incremental() and execute and var('changed_since') is not none -%}
    {%- set has_begun = run_query('select count(*) as pairs from ' ~ this).columns[0].values()[0] > 0 -%}
{%- endif %}

with

stated as (
    {%- for system, plurals in var('systems').items() if var('payment_books') %}
        {%- set system_number = loop.index %}
        {%- for plural in ('payments', 'invoices') if plural in plurals %}
    select
        company_id,
        source,
        {{ payments_rank(system) }} as payments_rank,
        min(recorded_from) as recorded_from
    from {{ ref('stg_' ~ system ~ '__' ~ plural) }} as document
    where
        {% if plural == 'invoices' %}(paid_amount <> 0 or status = 'paid'){% else %}true{% endif %}
        and {% if has_begun %}{{ is_touched('document') }}{% else %}true{% endif %}
    group by
        company_id,
        source
    union all
        {%- endfor %}
    {%- endfor %}
    select
        cast(null as text) as company_id,
        cast(null as text) as source,
        0 as payments_rank,
        {{ forever() }} as recorded_from
    where false
),

first_stated as (
    select
        company_id,
        source,
        payments_rank,
        min(recorded_from) as recorded_from
    from stated
    {% if has_begun %}
        where
            not exists (
                select 1
                from {{ this }} as known
                where known.company_id = stated.company_id and known.source = stated.source
            )
    {% endif %}
    group by
        company_id,
        source,
        payments_rank
)

select * from first_stated
