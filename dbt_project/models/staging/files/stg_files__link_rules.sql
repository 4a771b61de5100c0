select
    -- ids
    link_rule_id,
    customer_id,
    master_customer_id,
    source,

    -- attributes
    kind,
    position,
    rule,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'link_rules') }}
