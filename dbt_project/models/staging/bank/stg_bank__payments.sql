-- what the bank only announces (kind notice, not booked) comes again in a statement; a credit that takes a debit back
-- is our own money
select
    -- ids
    source || ':' || entry as payment_id,
    cartera_company_id as company_id,
    source || ':' || customer as customer_id,
    source,

    -- attributes
    customer as customer_code,
    coalesce(reference, bank_reference, end_to_end_id, entry) as document_number,
    case
        when side = 'CRDT' and kind = 'statement' and is_booked and not is_reversal then 'received'
        else 'cancelled'
    end as status,
    currency as currency_code,
    cast(null as text) as company_currency_code,
    cast(null as numeric(24, 12)) as document_fx_rate,

    -- amounts
    amount as payment_amount,

    -- dates
    booking_date as received_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('bank', 'entries') }}
-- only a declared CSV names the customer; all other credits: int_bank__credits_unidentified
where customer is not null
