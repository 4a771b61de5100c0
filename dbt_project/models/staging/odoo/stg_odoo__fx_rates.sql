select
    -- ids
    source || ':' || id as fx_rate_id,
    case when company is not null then cartera_company_id end as company_id,
    source,

    -- attributes
    currency as currency_code,
    company_currency as company_currency_code,
    inverse_company_rate as rate,

    -- dates
    name as rate_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('odoo', 'res_currency_rate') }}
