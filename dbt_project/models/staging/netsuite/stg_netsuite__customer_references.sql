select
    -- ids
    source || ':' || id as customer_id,
    externalid as reference_code,
    source,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('netsuite', 'customer') }}
where externalid is not null
