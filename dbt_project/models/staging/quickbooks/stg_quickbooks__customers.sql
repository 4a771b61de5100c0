select
    -- ids
    source || ':' || "Id" as customer_id,
    cartera_company_id as company_id,
    source || ':' || "ParentId" as parent_id,
    source,

    -- attributes
    "Id" as customer_code,
    "DisplayName" as customer_name,
    cast(null as text) as tax_id,
    cast(null as text) as country_code,
    cast(null as text) as language_code,
    cast(null as text) as timezone,
    "Email" as email,
    "Phone" as phone,
    cast(null as text) as collector,
    cast(null as text) as sector,
    cast(null as text) as customer_type,
    cast(null as text) as risk_class,
    cast(null as bigint) as payment_terms_days,
    "CurrencyCode" as credit_limit_currency_code,

    -- amounts
    cast(null as numeric(24, 6)) as credit_limit_amount,

    -- booleans
    coalesce("Active", true) as is_active,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('quickbooks', 'customer') }}
