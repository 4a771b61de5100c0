{{ config(materialized='view') }}

-- as the build knew it: what lands later changes nothing here until the next publication
select
    allocation_id,
    payment_id,
    credit_note_id,
    invoice_id,
    instalment_id,
    allocated_amount,
    allocated_date,
    source,
    recorded_from,
    {{ known_end() }} as recorded_to
from {{ ref('int_sources__allocations_united') }}
where
    not is_deleted
    and recorded_from <= {{ known_at() }}
