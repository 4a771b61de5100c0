with

payments as (
    select
        *,
        coalesce(payer_id, payer_email, payer_identification, 'unknown') as customer_code
    from {{ source('mercadopago', 'payments') }}
    where coalesce(operation_type, '') not in ('account_fund', 'investment')
),

charged_back as (
    select
        payments.*,
        item
    from payments
    {{ json_items('payments.chargebacks', 'item') }}
),

-- what Mercado Pago covers comes again, and so does what leaves its payment approved
renamed as (
    select
        -- ids
        source || ':' || {{ json_text('item', 'id') }} as chargeback_id,
        cartera_company_id as company_id,
        source || ':' || customer_code as customer_id,
        source || ':' || id as payment_id,
        cast(null as text) as invoice_id,
        cast(null as text) as instalment_id,
        source,

        -- attributes
        customer_code,
        {{ json_text('item', 'id') }} as document_number,
        coalesce({{ json_text('item', 'currency') }}, currency_id) as currency_code,
        {{ json_text('item', 'reason') }} as reason,

        -- amounts
        cast({{ json_text('item', 'amount') }} as numeric(24, 6)) as charged_back_amount,

        -- dates
        cast({{ json_text('item', 'created_date') }} as date) as chargeback_date,
        case
            when {{ json_text('item', 'coverage_applied') }} = 'true'
                then cast({{ json_text('item', 'updated_date') }} as date)
            when status not in ('charged_back', 'in_mediation') then updated_date
        end as reversed_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from charged_back
)

select * from renamed
