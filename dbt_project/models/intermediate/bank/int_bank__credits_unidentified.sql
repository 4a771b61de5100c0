{{ config(enabled='bank' in var('systems', {})) }}

with

entries as (
    select * from {{ ref('stg_bank__entries') }}
),

-- a debit that takes a credit back lowers it; a credit that takes a debit back is our own money
credits as (
    select
        -- ids
        entry_id,
        statement_id,
        company_id,
        source,

        -- attributes
        bank_account,
        currency_code,
        counterparty_name,
        counterparty_account,
        remittance_text,
        payment_reference,
        end_to_end_id,
        bank_reference,
        transaction_code,

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
    from entries
    where
        customer_id is null
        and statement_kind = 'statement'
        and is_booked
        and not is_deleted
        and is_reversal = (signed_amount < 0)
)

select * from credits
