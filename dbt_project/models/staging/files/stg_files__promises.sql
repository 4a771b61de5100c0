select
    -- ids
    source || ':' || promise_id as promise_id,
    source || ':' || customer_id as customer_id,
    cast(null as text) as company_id,
    source || ':' || invoice_id as invoice_id,
    cast(null as text) as item_id,
    source,

    -- attributes
    currency_code,

    -- amounts
    amount as promised_amount,

    -- dates
    made_date,
    promised_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'promises') }}
