with

chargebacks as (
    select * from {{ source('mercadopago', 'chargebacks') }}
),

payments as (
    select
        *,
        coalesce(payer_id, payer_email, payer_identification) as customer_code
    from {{ source('mercadopago', 'payments') }}
),

payers as (
    {{ with_gaps('payments', ['customer_code', 'cartera_company_id']) }}
),

renamed as (
    select
        -- ids
        chargebacks.source || ':' || chargebacks.id as chargeback_id,
        coalesce(payers.cartera_company_id, chargebacks.cartera_company_id) as company_id,
        chargebacks.source || ':' || coalesce(payers.customer_code, 'unknown') as customer_id,
        chargebacks.source || ':' || chargebacks.payment_id as payment_id,
        cast(null as text) as invoice_id,
        cast(null as text) as instalment_id,
        chargebacks.source,

        -- attributes
        coalesce(payers.customer_code, 'unknown') as customer_code,
        chargebacks.id as document_number,
        chargebacks.currency as currency_code,
        chargebacks.reason,

        -- amounts
        chargebacks.amount as charged_back_amount,

        -- dates
        chargebacks.chargeback_date,
        case when chargebacks.coverage_applied then chargebacks.updated_date end as reversed_date,

        -- versions
        chargebacks.is_deleted,
        {{ joined_from('chargebacks', 'payers') }} as recorded_from,
        {{ joined_to('chargebacks', 'payers') }} as recorded_to
    from chargebacks
    left join payers
        on
            chargebacks.source = payers.source
            and chargebacks.payment_id = payers.record_key
            and {{ lives_overlap('chargebacks', 'payers') }}
)

select * from renamed
