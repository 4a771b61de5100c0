{{ config(materialized='view') }}

-- as the build knew it: what lands later changes nothing here until the next publication
select
    refund_id,
    company_id,
    customer_id,
    payment_id,
    credit_note_id,
    currency_code,
    reason,
    refunded_amount,
    refund_date,
    source,
    recorded_from,
    {{ known_end() }} as recorded_to
from {{ ref('int_sources__refunds_united') }}
where
    not is_deleted
    and recorded_from <= {{ known_at() }}
