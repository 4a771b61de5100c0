with

customers as (
    select * from {{ ref('stg_files__customers') }}
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
        recorded_to
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
        recorded_to
    from customers_derived
),

unioned as (
    select * from customers_listed
    union all
    select * from customers_of_documents
)

select * from unioned
