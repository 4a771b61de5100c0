select
    -- ids
    source || ':' || reference as refund_id,
    cartera_company_id as company_id,
    source || ':' || customer_code as customer_id,
    source || ':' || payment_reference as payment_id,
    cast(null as text) as credit_note_id,
    source,

    -- attributes
    customer_code,
    document_number,
    currency_code,
    cast(null as text) as reason,

    -- amounts
    amount as refunded_amount,

    -- dates
    creation_date as refund_date,

    -- versions
    is_deleted
    or status in ('pending', 'in process', 'waiting details', 'cancelled', 'rejected', 'expired', 'authorized')
        as is_deleted,
    recorded_from,
    recorded_to
from {{ ref('stg_dlocal__transactions') }}
where type = 'Refund'
