{{ config(materialized='view') }}

-- as the build knew it: what lands later changes nothing here until the next publication
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
    {{ known_end() }} as recorded_to
from {{ ref('int_sources__write_offs_united') }}
where
    not is_deleted
    and recorded_from <= {{ known_at() }}
