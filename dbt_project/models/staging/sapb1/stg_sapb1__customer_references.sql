select
    -- ids
    source || ':' || "CardCode" as customer_id,
    customer_reference as reference_code,
    source,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('sapb1', 'business_partners') }}
where customer_reference is not null
