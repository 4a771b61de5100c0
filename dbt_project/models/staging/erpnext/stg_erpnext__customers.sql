with

source as (
    select * from {{ source('erpnext', 'customer') }}
),

renamed as (
    select
        -- ids
        source || ':' || name as customer_id,
        cartera_company_id as company_id,
        cast(null as text) as parent_id,
        source,

        -- attributes
        name as customer_code,
        coalesce(customer_name, name) as customer_name,
        tax_id,
        cast(null as text) as country_code,
        language as language_code,
        cast(null as text) as timezone,
        email_id as email,
        mobile_no as phone,
        account_manager as collector,
        industry as sector,
        customer_type,
        cast(null as text) as risk_class,
        cast(null as bigint) as payment_terms_days,
        default_currency as credit_limit_currency_code,

        -- amounts
        cast(null as numeric(24, 6)) as credit_limit_amount,

        -- booleans
        not coalesce(disabled, false) as is_active,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from source
)

select * from renamed
