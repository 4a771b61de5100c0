select
    -- ids
    settlement_id as payment_id,
    company_id,
    customer_id,
    source,

    -- attributes
    customer_code,
    document_number,
    'received' as status,
    currency_code,
    cast(null as text) as company_currency_code,
    cast(null as numeric(24, 12)) as document_fx_rate,

    -- amounts
    settled_amount as payment_amount,

    -- dates
    settled_date as received_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ ref('stg_stripe__invoice_settlements') }}
where settlement_type = 'payment'
