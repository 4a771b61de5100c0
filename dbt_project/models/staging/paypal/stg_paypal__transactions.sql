-- inside the models that read it, so that `cartera connect` can show them before any view is built
{{ config(materialized='ephemeral') }}

with

transactions as (
    select
        *,
        paypal_reference_id as reference_id,
        coalesce(paypal_account_id, payer_email) as own_customer_code
    from {{ source('paypal', 'transactions') }}
    -- payments, reversals and refunds, chargebacks
    where transaction_event_code like 'T00%' or transaction_event_code like 'T11%' or transaction_event_code like 'T12%'
),

keyed as (
    select
        source,
        transaction_id as record_key,
        own_customer_code,
        reference_id,
        recorded_from,
        recorded_to
    from transactions
),

referred_to as (
    {{ with_gaps('keyed', ['own_customer_code', 'reference_id']) }}
),

-- a refund refers to its payment; what comes again refers to a chargeback, and that to its payment
renamed as (
    select
        transactions.source,
        transactions.cartera_company_id,
        transactions.transaction_id,
        transactions.transaction_event_code,
        transactions.transaction_amount,
        transactions.currency_code,
        transactions.transaction_date,
        transactions.transaction_status in ('S', 'V', 'F') as is_done,
        case
            when transactions.paypal_reference_id_type = 'TXN' then transactions.paypal_reference_id
        end as payment_code,
        coalesce(transactions.invoice_id, transactions.custom_field, transactions.transaction_id) as document_number,
        coalesce(
            firsts.own_customer_code, seconds.own_customer_code, transactions.own_customer_code, 'unknown'
        ) as customer_code,
        transactions.is_deleted,
        greatest(
            {{ joined_from('transactions', 'firsts') }},
            {{ joined_from('transactions', 'seconds') }}
        ) as recorded_from,
        least(
            {{ joined_to('transactions', 'firsts') }},
            {{ joined_to('transactions', 'seconds') }}
        ) as recorded_to
    from transactions
    left join referred_to as firsts
        on
            transactions.source = firsts.source
            and transactions.reference_id = firsts.record_key
            and {{ lives_overlap('transactions', 'firsts') }}
    left join referred_to as seconds
        on
            firsts.source = seconds.source
            and firsts.reference_id = seconds.record_key
            and {{ lives_overlap('firsts', 'seconds') }}
            and {{ lives_overlap('transactions', 'seconds') }}
)

select * from renamed
