select
    -- ids
    source || ':' || transaction_id as refund_id,
    cartera_company_id as company_id,
    source || ':' || customer_code as customer_id,
    source || ':' || payment_code as payment_id,
    cast(null as text) as credit_note_id,
    source,

    -- attributes
    customer_code,
    document_number,
    currency_code,
    cast(null as text) as reason,

    -- amounts
    -transaction_amount as refunded_amount,

    -- dates
    transaction_date as refund_date,

    -- versions
    is_deleted or not is_done as is_deleted,
    recorded_from,
    recorded_to
from {{ ref('stg_paypal__transactions') }}
where transaction_amount < 0 and transaction_event_code in ('T1107', 'T1113', 'T1115')
