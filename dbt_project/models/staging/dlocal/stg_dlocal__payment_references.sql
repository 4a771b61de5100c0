select
    -- ids
    source || ':' || reference as payment_id,
    invoice as reference_code,
    source,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('dlocal', 'transactions') }}
where
    type = 'Payment'
    and invoice is not null
