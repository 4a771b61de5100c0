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

union all

-- what an invoice wrote off itself: small change, points
select
    -- ids
    source || ':' || name || ':write_off' as write_off_id,
    source || ':' || name as invoice_id,
    cast(null as text) as instalment_id,
    source,

    -- attributes
    'written off in the invoice' as reason,

    -- amounts
    written_off_amount,

    -- dates
    posting_date as write_off_date,
    cast(null as date) as reversed_date,

    -- versions
    is_deleted or docstatus <> 1 as is_deleted,
    recorded_from,
    recorded_to
from {{ source('erpnext', 'sales_invoice') }}
where
    written_off_amount > 0
    and not coalesce(is_return, false)
