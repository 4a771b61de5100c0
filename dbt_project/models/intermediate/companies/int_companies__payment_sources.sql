{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        post_hook="{{ analyze(this) }}",
    )
}}

{%- set has_begun = adds_to_rows() %}

with

stated as (
    {{ payments_stated(has_begun) }}
),

first_stated as (
    select
        company_id,
        source,
        payments_rank,
        min(recorded_from) as recorded_from
    from stated
    {% if is_incremental() %}
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
