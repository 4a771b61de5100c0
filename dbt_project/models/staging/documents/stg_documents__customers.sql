select
    -- ids
    source || ':' || customer_key as customer_id,
    cartera_company_id as company_id,
    cast(null as text) as parent_id,
    source,

    -- attributes
    coalesce(tax_id, name) as customer_code,
    name as customer_name,
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
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('documents', 'customer') }}
