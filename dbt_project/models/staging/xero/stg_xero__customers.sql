select
    -- ids
    source || ':' || "ContactID" as customer_id,
    cartera_company_id as company_id,
    cast(null as text) as parent_id,
    source,

    -- attributes
    coalesce("AccountNumber", "ContactID") as customer_code,
    "Name" as customer_name,
    "TaxNumber" as tax_id,
    cast(null as text) as country_code,
    cast(null as text) as language_code,
    cast(null as text) as timezone,
    "EmailAddress" as email,
    "Phone" as phone,
    cast(null as text) as collector,
    cast(null as text) as sector,
    cast(null as text) as customer_type,
    cast(null as text) as risk_class,
    "SalesDays" as payment_terms_days,
    "DefaultCurrency" as credit_limit_currency_code,

    -- amounts
    cast(null as numeric(24, 6)) as credit_limit_amount,

    -- booleans
    coalesce("ContactStatus", 'ACTIVE') = 'ACTIVE' as is_active,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('xero', 'contacts') }}
