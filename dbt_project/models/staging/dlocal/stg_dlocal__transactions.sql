-- inside the models that read it, so that `cartera connect` can show them before any view is built
{{ config(materialized='ephemeral') }}

with

transactions as (
    select
        *,
        -- every line of a payment has it; what the API says of the payer may not be there another time
        coalesce(lower(user_mail), payer_document) as own_customer_code
    from {{ source('dlocal', 'transactions') }}
),

payments as (
    select
        source,
        reference as record_key,
        own_customer_code,
        recorded_from,
        recorded_to
    from transactions
    where type = 'Payment'
),

payers as (
    {{ with_gaps('payments', ['own_customer_code']) }}
),

renamed as (
    select
        transactions.source,
        transactions.cartera_company_id,
        transactions.type,
        transactions.reference,
        transactions.transaction_reference as payment_reference,
        lower(transactions.status) as status,
        transactions.currency as currency_code,
        transactions.creation_date,
        transactions.settlement_date,
        transactions.is_deleted,
        {{ joined_from('transactions', 'payers') }} as recorded_from,
        {{ joined_to('transactions', 'payers') }} as recorded_to,
        -- the sign of what goes out is not told alike in all reports
        abs(transactions.net_amount_local) as amount,
        coalesce(transactions.invoice, transactions.reference) as document_number,
        coalesce(payers.own_customer_code, transactions.own_customer_code, 'unknown') as customer_code
    from transactions
    left join payers
        on
            transactions.source = payers.source
            and transactions.transaction_reference = payers.record_key
            and {{ lives_overlap('transactions', 'payers') }}
)

select * from renamed
