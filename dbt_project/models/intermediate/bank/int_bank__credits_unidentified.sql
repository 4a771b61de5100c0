{{ config(enabled='bank' in var('systems', {})) }}

select
    -- ids
    source || ':' || entry as entry_id,
    source || ':' || statement as statement_id,
    cartera_company_id as company_id,
    source,

    -- attributes
    account as bank_account,
    currency as currency_code,
    counterparty_name,
    counterparty_account,
    text as remittance_text,
    reference as payment_reference,
    end_to_end_id,
    bank_reference,
    code as transaction_code,

    -- amounts
    signed_amount as credited_amount,

    -- booleans
    is_reversal,

    -- dates
    booking_date,
    value_date,

    -- versions
    recorded_from,
    recorded_to
from {{ source('bank', 'entries') }}
where
    customer is null
    and kind = 'statement'
    and is_booked
    and not is_deleted
    -- a debit that takes a credit back lowers it; a credit that takes a debit back is our own money
    and is_reversal = (side = 'DBIT')
