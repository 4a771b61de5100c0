{{ config(materialized='view') }}

-- as the build knew it: what lands later changes nothing here until the next publication
select
    instalment_id,
    invoice_id,
    instalment_amount,
    due_date,
    source,
    recorded_from,
    {{ known_end() }} as recorded_to
from {{ ref('int_sources__instalments_united') }}
where
    not is_deleted
    and recorded_from <= {{ known_at() }}
