select
    -- ids
    source || ':' || "ContactID" as customer_id,
    "ContactNumber" as reference_code,
    source,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('xero', 'contacts') }}
where "ContactNumber" is not null
