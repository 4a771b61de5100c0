select
    -- ids
    invoice_link_rule_id,
    invoice_id,
    master_invoice_id,
    source,

    -- attributes
    kind,
    position,
    rule,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'invoice_link_rules') }}
