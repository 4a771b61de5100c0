select
    -- ids
    source || ':' || id as customer_id,
    cartera_company_id as company_id,
    source || ':' || parent as parent_id,
    source,

    -- attributes
    entityid as customer_code,
    coalesce(companyname, altname, entityid, id) as customer_name,
    cast(null as text) as tax_id,
    cast(null as text) as country_code,
    language as language_code,
    cast(null as text) as timezone,
    email,
    phone,
    salesrep as collector,
    cast(null as text) as sector,
    category as customer_type,
    cast(null as text) as risk_class,
    cast(null as bigint) as payment_terms_days,
    currency as credit_limit_currency_code,

    -- amounts
    creditlimit as credit_limit_amount,

    -- booleans
    coalesce(isinactive, 'F') <> 'T' as is_active,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('netsuite', 'customer') }}
