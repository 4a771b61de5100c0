select
    -- ids
    source || ':' || transaction_id as payment_id,
    cartera_company_id as company_id,
    source || ':' || customer_code as customer_id,
    source,

    -- attributes
    customer_code,
    document_number,
    case when is_done then 'received' else 'cancelled' end as status,
    currency_code,
    cast(null as text) as company_currency_code,
    cast(null as numeric(24, 12)) as document_fx_rate,

    -- amounts
    transaction_amount as payment_amount,

    -- dates
    transaction_date as received_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ ref('stg_paypal__transactions') }}
-- a payment, and what comes again: chargeback reversed, reimbursed, cancelled
where
    transaction_amount > 0
    and (transaction_event_code like 'T00%' or transaction_event_code in ('T1202', 'T1205', 'T1208'))
