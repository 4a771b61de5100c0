{{ config(materialized='view') }}

with

write_offs as (
    select * from {{ ref('int_sources__write_offs_united') }}
),

-- as the build knew it: what lands later changes nothing here until the next publication
versions as (
    select
        write_off_id,
        invoice_id,
        instalment_id,
        reason,
        written_off_amount,
        write_off_date,
        reversed_date,
        source,
        recorded_from,
        case when recorded_to <= {{ known_at() }} then recorded_to else {{ forever() }} end as recorded_to
    from write_offs
    where
        not is_deleted
        and recorded_from <= {{ known_at() }}
)

select * from versions
