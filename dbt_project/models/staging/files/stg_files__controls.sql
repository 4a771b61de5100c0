select
    -- ids
    source,
    company_id,
    currency_code,

    -- amounts
    control_amount,
    tolerance_amount,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'controls') }}
