select
    -- ids
    source || ':' || id as customer_id,
    cartera_company_id as company_id,
    source || ':' || parent_id as parent_id,
    source,

    -- attributes
    id as customer_code,
    coalesce(name, id) as customer_name,
    vat as tax_id,
    country_code,
    lang as language_code,
    tz as timezone,
    coalesce(invoice_email, email) as email,
    coalesce(phone, mobile) as phone,
    "user" as collector, -- noqa: RF06
    industry as sector,
    case when is_company then 'company' else 'person' end as customer_type,
    cast(null as text) as risk_class,
    cast(null as bigint) as payment_terms_days,
    cast(null as text) as credit_limit_currency_code,

    -- amounts
    cast(null as numeric(24, 6)) as credit_limit_amount,

    -- booleans
    coalesce(active, true) as is_active,

    -- versions
    is_deleted,
    recorded_from,
    coalesce({{ odoo_contact_left_at('partners') }}, recorded_to) as recorded_to
from {{ source('odoo', 'res_partner') }} as partners
where id = commercial_partner_id

union all

-- the address for invoices went away with its contact: it moved to another customer, or is gone
select
    -- ids
    source || ':' || id as customer_id,
    cartera_company_id as company_id,
    source || ':' || parent_id as parent_id,
    source,

    -- attributes
    id as customer_code,
    coalesce(name, id) as customer_name,
    vat as tax_id,
    country_code,
    lang as language_code,
    tz as timezone,
    email,
    coalesce(phone, mobile) as phone,
    "user" as collector, -- noqa: RF06
    industry as sector,
    case when is_company then 'company' else 'person' end as customer_type,
    cast(null as text) as risk_class,
    cast(null as bigint) as payment_terms_days,
    cast(null as text) as credit_limit_currency_code,

    -- amounts
    cast(null as numeric(24, 6)) as credit_limit_amount,

    -- booleans
    coalesce(active, true) as is_active,

    -- versions
    is_deleted,
    {{ odoo_contact_left_at('partners') }} as recorded_from,
    recorded_to
from {{ source('odoo', 'res_partner') }} as partners
where
    id = commercial_partner_id
    and {{ odoo_contact_left_at('partners') }} is not null
