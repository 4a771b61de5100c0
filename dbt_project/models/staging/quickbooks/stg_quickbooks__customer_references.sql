select
    -- ids
    source || ':' || "Id" as customer_id,
    "CustomerReference" as reference_code,
    source,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('quickbooks', 'customer') }}
where "CustomerReference" is not null
