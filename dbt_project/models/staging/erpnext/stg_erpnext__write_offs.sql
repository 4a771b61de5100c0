select
    -- ids
    source || ':' || entry_row as write_off_id,
    invoice_id,
    cast(null as text) as instalment_id,
    source,

    -- attributes
    document_number as reason,

    -- amounts
    amount as written_off_amount,

    -- dates
    posting_date as write_off_date,
    cast(null as date) as reversed_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ ref('base_erpnext__settlements') }}
where kind = 'write_off'
