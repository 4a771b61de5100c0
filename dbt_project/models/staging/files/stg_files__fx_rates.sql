select
    -- ids
    source || ':' || fx_rate_id as fx_rate_id,
    company_id,
    source,

    -- attributes
    currency_code,
    company_currency_code,
    rate,

    -- dates
    rate_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'fx_rates') }}
