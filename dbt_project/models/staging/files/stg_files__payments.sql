select
    -- ids
    source || ':' || payment_id as payment_id,
    company_id,
    source || ':' || customer_id as customer_id,
    source,

    -- attributes
    customer_id as customer_code,
    coalesce(reference, payment_id) as document_number,
    coalesce(status, 'received') as status,
    currency_code,
    company_currency_code,
    nullif(document_fx_rate, 0) as document_fx_rate,

    -- amounts
    amount as payment_amount,

    -- dates
    received_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'payments') }}
