with

controls as (
    select * from {{ ref('stg_files__controls') }}
),

totals as (
    select
        source,
        company_id,
        currency_code,
        control_amount,
        tolerance_amount,
        recorded_from,
        recorded_to
    from controls
    where not is_deleted
)

select * from totals
