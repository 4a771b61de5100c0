-- a dunning level that people blocked: nobody is to be reminded of it
select
    -- ids
    t.source || ':' || t.id as dispute_id,
    t.source || ':' || coalesce(t.invoice, 'line:' || t.line) as invoice_id,
    cast(null as text) as item_id,
    t.source,

    -- attributes
    'dunning blocked' as reason,

    -- dates
    coalesce(t.date, {{ utc_date('t.changed_at') }}) as opened_date,
    cast(null as date) as resolved_date,

    -- versions
    t.is_deleted or not coalesce(t.blocked, false) as is_deleted,
    t.recorded_from,
    t.recorded_to
from {{ source('tryton', 'account_dunning') }} as t
