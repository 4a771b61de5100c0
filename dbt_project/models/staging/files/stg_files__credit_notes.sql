select
    -- ids
    source || ':' || credit_note_id as credit_note_id,
    company_id,
    source || ':' || customer_id as customer_id,
    source || ':' || invoice_id as invoice_id,
    source,

    -- attributes
    customer_id as customer_code,
    coalesce(number, credit_note_id) as document_number,
    coalesce(status, 'open') as status,
    currency_code,
    company_currency_code,
    nullif(document_fx_rate, 0) as document_fx_rate,

    -- amounts
    total_amount,

    -- dates
    issue_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'credit_notes') }}
