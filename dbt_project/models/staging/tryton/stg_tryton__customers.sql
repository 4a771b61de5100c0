select
    -- ids
    t.source || ':' || t.id as customer_id,
    t.cartera_company_id as company_id,
    cast(null as text) as parent_id,
    t.source,

    -- attributes
    t.id as customer_code,
    coalesce(t.name, t.code, t.id) as customer_name,
    t.tax_identifier_code as tax_id,
    t.country_code,
    t.lang_code as language_code,
    cast(null as text) as timezone,
    t.email,
    coalesce(t.mobile, t.phone) as phone,
    cast(null as text) as collector,
    cast(null as text) as sector,
    cast(null as text) as customer_type,
    cast(null as text) as risk_class,
    cast(null as bigint) as payment_terms_days,
    cast(null as text) as credit_limit_currency_code,

    -- amounts
    cast(null as numeric(24, 6)) as credit_limit_amount,

    -- booleans
    t.active as is_active,

    -- versions
    t.is_deleted,
    t.recorded_from,
    t.recorded_to
from {{ source('tryton', 'party_party') }} as t
-- parties are suppliers and employees too; who once was a customer stays one
where
    exists (
        select 1 from {{ source('tryton', 'account_invoice') }} as i
        where i.source = t.source and i.party = t.id
    )
    or exists (
        select 1 from {{ source('tryton', 'account_move_line') }} as l
        where l.source = t.source and l.party = t.id
    )
