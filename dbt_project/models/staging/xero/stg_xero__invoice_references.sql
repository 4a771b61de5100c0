select
    -- ids
    source || ':' || "InvoiceID" as invoice_id,
    "Reference" as reference_code,
    source,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('xero', 'invoices') }}
where "Reference" is not null
