-- rates are units for one of a base currency that is not named
select
    -- ids
    t.source || ':' || t.id || ':' || {{ json_text('item', 'currency') }} as fx_rate_id,
    cast(null as text) as company_id,
    t.source,

    -- attributes
    t.currency_code,
    {{ json_text('item', 'currency') }} as company_currency_code,
    cast(cast({{ json_text('item', 'rate') }} as numeric(24, 12)) / nullif(t.rate, 0) as numeric(24, 12)) as rate,

    -- dates
    t.date as rate_date,

    -- versions
    t.is_deleted or coalesce(t.rate, 0) = 0 as is_deleted,
    t.recorded_from,
    t.recorded_to
from {{ source('tryton', 'currency_currency_rate') }} as t
{{ json_items('t.company_rates', 'item') }}
