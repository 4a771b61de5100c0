select
    -- ids
    source || ':' || instalment_id as instalment_id,
    source || ':' || invoice_id as invoice_id,
    source,

    -- amounts
    amount as instalment_amount,

    -- dates
    due_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'instalments') }}
