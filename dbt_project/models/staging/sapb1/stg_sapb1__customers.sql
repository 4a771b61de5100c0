select
    -- ids
    source || ':' || "CardCode" as customer_id,
    cartera_company_id as company_id,
    source || ':' || "FatherCard" as parent_id,
    source,

    -- attributes
    "CardCode" as customer_code,
    coalesce("CardName", "CardCode") as customer_name,
    "FederalTaxID" as tax_id,
    "Country" as country_code,
    cast(null as text) as language_code,
    cast(null as text) as timezone,
    "EmailAddress" as email,
    coalesce("Cellular", "Phone1") as phone,
    cast("SalesPersonCode" as text) as collector,
    cast(null as text) as sector,
    "CompanyPrivate" as customer_type,
    cast(null as text) as risk_class,
    cast(null as bigint) as payment_terms_days,
    company_currency as credit_limit_currency_code,

    -- amounts
    "CreditLimit" as credit_limit_amount,

    -- booleans
    coalesce("Frozen", 'tNO') <> 'tYES' as is_active,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('sapb1', 'business_partners') }}
