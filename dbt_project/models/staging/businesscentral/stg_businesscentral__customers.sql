select
    -- ids
    source || ':' || number as customer_id,
    cartera_company_id as company_id,
    cast(null as text) as parent_id,
    source,

    -- attributes
    number as customer_code,
    coalesce("displayName", number) as customer_name,
    "taxRegistrationNumber" as tax_id,
    country as country_code,
    cast(null as text) as language_code,
    cast(null as text) as timezone,
    email,
    "phoneNumber" as phone,
    "salespersonCode" as collector,
    cast(null as text) as sector,
    type as customer_type,
    cast(null as text) as risk_class,
    cast(null as bigint) as payment_terms_days,
    company_currency as credit_limit_currency_code,

    -- amounts
    "creditLimit" as credit_limit_amount,

    -- booleans
    coalesce(blocked, '') <> 'All' as is_active,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('businesscentral', 'customers') }}
