with

mentions as (
    select
        source,
        record_key,
        source || ':' || coalesce(lower(user_mail), payer_document) as customer_id,
        coalesce(lower(user_mail), payer_document) as customer_code,
        cartera_company_id as company_id,
        payer_name as customer_name,
        payer_document as tax_id,
        country as country_code,
        coalesce(payer_email, user_mail) as email,
        delivered_at as changed_at,
        recorded_from
    from {{ source('dlocal', 'transactions') }}
    where
        not is_deleted
        and type = 'Payment'
        and coalesce(lower(user_mail), payer_document) is not null
),

known as (
    {{ payers('mentions', ['customer_code', 'customer_name', 'tax_id', 'country_code', 'email']) }}
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
        country_code,
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
