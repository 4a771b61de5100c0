{{ config(enabled='bank' in var('systems', {})) }}

with

entries as (
    select * from {{ ref('stg_bank__entries') }}
    where
        statement_kind = 'statement'
        and is_booked
        and not is_deleted
),

payers as (
    select distinct
        source,
        bank_account,
        counterparty_account
    from entries
    where signed_amount > 0 and not is_reversal and counterparty_account is not null
),

-- what takes a credit back is sure, but not whose it was; what goes to an account that paid us before may be anything
debits as (
    select
        -- ids
        entries.entry_id,
        entries.statement_id,
        entries.company_id,
        entries.source,

        -- attributes
        entries.bank_account,
        entries.currency_code,
        entries.counterparty_name,
        entries.counterparty_account,
        entries.remittance_text,
        entries.payment_reference,
        entries.end_to_end_id,
        entries.bank_reference,
        entries.transaction_code,
        entries.return_reason,
        case when entries.is_reversal then 'takes a credit back' else 'paid to a payer' end as kind,

        -- amounts
        -entries.signed_amount as debited_amount,

        -- dates
        entries.booking_date,
        entries.value_date,

        -- versions
        entries.recorded_from,
        entries.recorded_to
    from entries
    left join payers
        on
            entries.source = payers.source
            and entries.bank_account = payers.bank_account
            and entries.counterparty_account = payers.counterparty_account
    where
        entries.signed_amount < 0
        and entries.customer_id is null
        and (entries.is_reversal or payers.counterparty_account is not null)
)

select * from debits
