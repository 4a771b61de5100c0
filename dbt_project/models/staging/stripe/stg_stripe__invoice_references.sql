select
    -- ids
    source || ':' || id as invoice_id,
    invoice_reference as reference_code,
    source,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('stripe', 'invoice') }}
where invoice_reference is not null
