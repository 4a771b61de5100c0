select
    -- ids
    source || ':' || customer_id as customer_id,
    company_id,
    source || ':' || parent_id as parent_id,
    source,

    -- attributes
    customer_id as customer_code,
    coalesce(name, customer_id) as customer_name,
    tax_id,
    country_code,
    language_code,
    timezone,
    email,
    phone,
    collector,
    sector,
    customer_type,
    risk_class,
    payment_terms_days,
    currency_code as credit_limit_currency_code,

    -- amounts
    credit_limit_amount,

    -- booleans
    coalesce(is_active, true) as is_active,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'customers') }}
