with

segment_rules as (
    select * from {{ ref('stg_files__segment_rules') }}
),

versions as (
    select
        rule_id,
        scheme,
        cast(scheme_position as integer) as scheme_position,
        description,
        cast(position as integer) as position,
        segment,
        cast(conditions as integer) as conditions,
        measure,
        at_least_amount,
        below_amount,
        value,
        recorded_from,
        recorded_to
    from segment_rules
    where not is_deleted
)

select * from versions
