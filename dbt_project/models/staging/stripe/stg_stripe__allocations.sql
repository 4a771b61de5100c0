select
    -- ids
    settlement_id as allocation_id,
    case when settlement_type = 'payment' then settlement_id end as payment_id,
    case when settlement_type = 'credit_note' then settlement_id end as credit_note_id,
    invoice_id,
    cast(null as text) as instalment_id,
    source,

    -- amounts
    settled_amount as allocated_amount,

    -- dates
    settled_date as allocated_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ ref('stg_stripe__invoice_settlements') }}
