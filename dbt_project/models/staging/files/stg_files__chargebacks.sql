select
    -- ids
    source || ':' || chargeback_id as chargeback_id,
    company_id,
    source || ':' || customer_id as customer_id,
    source || ':' || payment_id as payment_id,
    source || ':' || invoice_id as invoice_id,
    source || ':' || instalment_id as instalment_id,
    source,

    -- attributes
    customer_id as customer_code,
    chargeback_id as document_number,
    currency_code,
    reason,

    -- amounts
    amount as charged_back_amount,

    -- dates
    chargeback_date,
    reversed_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'chargebacks') }}
