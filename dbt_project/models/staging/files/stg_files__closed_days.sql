select
    -- ids
    source || ':' || closed_day_id as closed_day_id,
    calendar_id,
    source,

    -- attributes
    name,

    -- dates
    closed_date,
    next_business_date,
    previous_business_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'closed_days') }}
