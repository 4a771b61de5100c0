select
    -- ids
    source || ':' || id as invoice_id,
    reference as reference_code,
    source,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('tryton', 'account_invoice') }}
where reference is not null
