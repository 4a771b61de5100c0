select
    -- ids
    source || ':' || entry as entry_id,
    source || ':' || statement as statement_id,
    cartera_company_id as company_id,
    source || ':' || coalesce(case when side = 'DBIT' then refunded_customer end, customer) as customer_id,
    source,

    -- attributes
    account as bank_account,
    kind as statement_kind,
    currency as currency_code,
    counterparty_name,
    counterparty_account,
    text as remittance_text,
    reference as payment_reference,
    end_to_end_id,
    bank_reference,
    code as transaction_code,
    return_reason,

    -- amounts
    signed_amount,

    -- booleans
    is_booked,
    is_reversal,

    -- dates
    booking_date,
    value_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('bank', 'entries') }}
