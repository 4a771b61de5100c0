select
    -- ids
    source || ':' || transaction_id as chargeback_id,
    cartera_company_id as company_id,
    source || ':' || customer_code as customer_id,
    source || ':' || payment_code as payment_id,
    cast(null as text) as invoice_id,
    cast(null as text) as instalment_id,
    source,

    -- attributes
    customer_code,
    transaction_id as document_number,
    currency_code,
    transaction_event_code as reason,

    -- amounts
    -transaction_amount as charged_back_amount,

    -- dates
    transaction_date as chargeback_date,
    cast(null as date) as reversed_date,

    -- versions
    is_deleted or not is_done as is_deleted,
    recorded_from,
    recorded_to
from {{ ref('stg_paypal__transactions') }}
where transaction_amount < 0 and transaction_event_code in ('T1106', 'T1201', 'T1207')
