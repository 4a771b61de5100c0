select
    -- ids
    source || ':' || dispute_id as dispute_id,
    source || ':' || invoice_id as invoice_id,
    cast(null as text) as item_id,
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
