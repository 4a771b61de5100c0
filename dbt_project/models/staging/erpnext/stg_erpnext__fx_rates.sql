select
    -- ids
    source || ':' || name as fx_rate_id,
    cast(null as text) as company_id,
    source,

    -- attributes
    from_currency as currency_code,
    to_currency as company_currency_code,
    exchange_rate as rate,

    -- dates
    "date" as rate_date, -- noqa: RF06

    -- versions
    is_deleted or not coalesce(for_selling, true) as is_deleted,
    recorded_from,
    recorded_to
from {{ source('erpnext', 'currency_exchange') }}
