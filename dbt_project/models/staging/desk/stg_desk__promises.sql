select
    -- ids; customers, companies, invoices and items are recorded as the warehouse names them
    source || ':' || promise_id as promise_id,
    customer_id,
    company_id,
    invoice_id,
    item_id,
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
from {{ source('desk', 'promises') }}
