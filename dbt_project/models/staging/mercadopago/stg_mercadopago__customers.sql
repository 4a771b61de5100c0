with

mentions as (
    select
        source,
        record_key,
        source || ':' || coalesce(payer_id, payer_email, payer_identification, 'unknown') as customer_id,
        coalesce(payer_id, payer_email, payer_identification, 'unknown') as customer_code,
        cartera_company_id as company_id,
        payer_name as customer_name,
        payer_identification as tax_id,
        payer_email as email,
        date_last_updated as changed_at,
        recorded_from
    from {{ source('mercadopago', 'payments') }}
    where
        not is_deleted
        and coalesce(operation_type, '') not in ('account_fund', 'investment')
),

known as (
    {{ payers('mentions', ['customer_code', 'customer_name', 'tax_id', 'email']) }}
),

renamed as (
    select
        -- ids
        customer_id,
        company_id,
        cast(null as text) as parent_id,
        source,

        -- attributes
        customer_code,
        coalesce(customer_name, email, customer_code) as customer_name,
        tax_id,
        cast(null as text) as country_code,
        cast(null as text) as language_code,
        cast(null as text) as timezone,
        email,
        cast(null as text) as phone,
        cast(null as text) as collector,
        cast(null as text) as sector,
        cast(null as text) as customer_type,
        cast(null as text) as risk_class,
        cast(null as bigint) as payment_terms_days,
        cast(null as text) as credit_limit_currency_code,

        -- amounts
        cast(null as numeric(24, 6)) as credit_limit_amount,

        -- booleans
        true as is_active,

        -- versions
        false as is_deleted,
        recorded_from,
        recorded_to
    from known
)

select * from renamed
