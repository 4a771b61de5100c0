{{ config(post_hook="{{ analyze(this) }}") }}

with

disputes as (
    select * from {{ ref('int_sources__disputes_united') }}
),

versions as (
    select
        dispute_id,
        invoice_id,
        item_id,
        reason,
        opened_date,
        resolved_date,
        source,
        recorded_from,
        recorded_to
    from disputes
    where not is_deleted
)

select * from versions
