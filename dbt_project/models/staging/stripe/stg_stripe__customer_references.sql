select
    -- ids
    source || ':' || id as customer_id,
    customer_reference as reference_code,
    source,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('stripe', 'customer') }}
where customer_reference is not null
