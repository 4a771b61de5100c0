select
    -- ids
    source || ':' || id as payment_id,
    external_reference as reference_code,
    source,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('mercadopago', 'payments') }}
where external_reference is not null
