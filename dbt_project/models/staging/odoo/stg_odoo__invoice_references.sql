select
    -- ids
    source || ':' || id as invoice_id,
    ref as reference_code,
    source,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('odoo', 'account_move') }}
where ref is not null
