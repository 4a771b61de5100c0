with

disputes as (
    select * from {{ ref('stg_files__disputes') }}
),

versions as (
    select
        dispute_id,
        invoice_id,
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
