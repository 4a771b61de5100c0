with

customers as (
    select * from {{ ref('int_sources__customers_united') }}
),

customers_derived as (
    select * from {{ ref('int_receivables__customers_derived') }}
),

links as (
    select * from {{ ref('int_customers__links_judged') }}
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
),

-- a customer that is one of another source lives in as many versions as that is so
linked as (
    select
        unioned.customer_id,
        unioned.company_id,
        unioned.name,
        unioned.tax_id,
        unioned.country_code,
        unioned.language_code,
        unioned.timezone,
        unioned.email,
        unioned.phone,
        unioned.collector,
        unioned.is_active,
        unioned.source,
        {{ joined_from('unioned', 'links') }} as recorded_from,
        {{ joined_to('unioned', 'links') }} as recorded_to,
        unioned.parent_id,
        unioned.sector,
        unioned.customer_type,
        unioned.risk_class,
        unioned.payment_terms_days,
        unioned.credit_limit_amount,
        unioned.credit_limit_currency_code,
        links.linked_customer_id
    from unioned
    left join links
        on
            unioned.customer_id = links.customer_id
            and links.is_ever_linked
            and {{ lives_overlap('unioned', 'links') }}
)

select * from linked
