select
    -- ids; invoices and items are recorded as the warehouse names them
    source || ':' || dispute_id as dispute_id,
    invoice_id,
    item_id,
    source,

    -- attributes
    reason,

    -- dates
    opened_date,
    resolved_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('desk', 'disputes') }}
