select
    -- ids
    source || ':' || '13:' || "DocEntry" as invoice_id,
    "NumAtCard" as reference_code,
    source,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('sapb1', 'invoices') }}
where "NumAtCard" is not null
