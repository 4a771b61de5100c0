select
    -- ids
    source || ':' || id as customer_id,
    ref as reference_code,
    source,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('odoo', 'res_partner') }}
where
    id = commercial_partner_id
    and ref is not null
