with

customers as (
    select * from {{ ref('int_sources__customers_united') }}
),

customers_derived as (
    select * from {{ ref('int_receivables__customers_derived') }}
),

-- a customer struck off the list stays known by name, as not active: documents still point to it
customers_listed as (
    select
        customer_id,
        company_id,
        customer_name as name,
        tax_id,
        country_code,
        language_code,
        timezone,
        email,
        phone,
        collector,
        is_active and not is_deleted as is_active,
        source,
        recorded_from,
        recorded_to,
        parent_id,
        sector,
        customer_type,
        risk_class,
        payment_terms_days,
        credit_limit_amount,
        credit_limit_currency_code
    from customers
),

customers_of_documents as (
    select
        customer_id,
        company_id,
        customer_name as name,
        cast(null as text) as tax_id,
        cast(null as text) as country_code,
        cast(null as text) as language_code,
        cast(null as text) as timezone,
        email,
        cast(null as text) as phone,
        cast(null as text) as collector,
        true as is_active,
        source,
        recorded_from,
        recorded_to,
        cast(null as text) as parent_id,
        cast(null as text) as sector,
        cast(null as text) as customer_type,
        cast(null as text) as risk_class,
        cast(null as bigint) as payment_terms_days,
        cast(null as numeric(24, 6)) as credit_limit_amount,
        cast(null as text) as credit_limit_currency_code
    from customers_derived
),

unioned as (
    select * from customers_listed
    union all
    select * from customers_of_documents
)

select * from unioned
