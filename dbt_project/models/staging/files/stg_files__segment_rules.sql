select
    -- ids
    source || ':' || rule_id as rule_id,
    source,

    -- attributes
    scheme,
    scheme_position,
    description,
    position,
    segment,
    conditions,
    measure,
    value,

    -- amounts
    at_least as at_least_amount,
    below as below_amount,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'segment_rules') }}
