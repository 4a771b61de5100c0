select
    -- ids
    source || ':' || id as refund_id,
    cartera_company_id as company_id,
    source || ':' || customer as customer_id,
    cast(null as text) as payment_id,
    source || ':' || id as credit_note_id,
    source,

    -- attributes
    customer as customer_code,
    id as document_number,
    upper(currency) as currency_code,
    reason,

    -- amounts
    amount as refunded_amount,

    -- dates
    {{ utc_date('created') }} as refund_date,

    -- versions
    is_deleted or coalesce(status in ('failed', 'canceled'), false) as is_deleted,
    recorded_from,
    recorded_to
from {{ source('stripe', 'refund') }}
where customer is not null
