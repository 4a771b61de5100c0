select
    -- ids
    source || ':' || dispute_id as dispute_id,
    source || ':' || invoice_id as invoice_id,
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
from {{ source('files', 'disputes') }}
