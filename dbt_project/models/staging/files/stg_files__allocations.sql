select
    -- ids
    source || ':' || allocation_id as allocation_id,
    source || ':' || payment_id as payment_id,
    source || ':' || credit_note_id as credit_note_id,
    source || ':' || invoice_id as invoice_id,
    source || ':' || instalment_id as instalment_id,
    source,

    -- amounts
    amount as allocated_amount,

    -- dates
    allocated_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'allocations') }}
