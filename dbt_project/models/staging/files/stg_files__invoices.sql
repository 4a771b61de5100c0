select
    -- ids
    source || ':' || invoice_id as invoice_id,
    company_id,
    source || ':' || customer_id as customer_id,
    source,

    -- attributes
    customer_id as customer_code,
    customer_name,
    customer_email,
    coalesce(number, invoice_id) as document_number,
    coalesce(document_type, 'invoice') as document_type,
    coalesce(status, 'open') as status,
    currency_code,
    company_currency_code,
    nullif(document_fx_rate, 0) as document_fx_rate,
    record_key,
    document_url,
    cast(null as text) as file_name,
    row_number as file_row,

    -- amounts
    total_amount,
    paid_amount,
    credited_amount,
    open_amount,

    -- booleans
    coalesce(is_disputed, false) as is_disputed,

    -- dates
    issue_date,
    due_date,
    paid_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'invoices') }}
