-- only a declared CSV says to whom a debit gave money back; other debits that may have: int_bank__debits_unidentified
select
    -- ids
    source || ':' || entry as refund_id,
    cartera_company_id as company_id,
    source || ':' || refunded_customer as customer_id,
    cast(null as text) as payment_id,
    cast(null as text) as credit_note_id,
    source,

    -- attributes
    refunded_customer as customer_code,
    coalesce(reference, bank_reference, end_to_end_id, entry) as document_number,
    currency as currency_code,
    text as reason,

    -- amounts
    amount as refunded_amount,

    -- dates
    booking_date as refund_date,

    -- versions
    is_deleted or side = 'CRDT' or kind = 'notice' or not is_booked as is_deleted,
    recorded_from,
    recorded_to
from {{ source('bank', 'entries') }}
where refunded_customer is not null
