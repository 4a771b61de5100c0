select
    -- ids
    source || ':' || write_off_id as write_off_id,
    source || ':' || invoice_id as invoice_id,
    source || ':' || instalment_id as instalment_id,
    source,

    -- attributes
    reason,

    -- amounts
    amount as written_off_amount,

    -- dates
    write_off_date,
    reversed_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'write_offs') }}
