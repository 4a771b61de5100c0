select
    -- ids
    source || ':' || refund_id as refund_id,
    company_id,
    source || ':' || customer_id as customer_id,
    source || ':' || payment_id as payment_id,
    source || ':' || credit_note_id as credit_note_id,
    source,

    -- attributes
    customer_id as customer_code,
    refund_id as document_number,
    currency_code,
    reason,

    -- amounts
    amount as refunded_amount,

    -- dates
    refund_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'refunds') }}
