{{ config(materialized='view') }}

-- as the build knew it: what lands later changes nothing here until the next publication
select
    invoice_id,
    company_id,
    customer_id,
    document_number,
    document_type,
    status,
    currency_code,
    total_amount,
    issue_date,
    due_date,
    record_key,
    document_url,
    file_name,
    file_row,
    source,
    recorded_from,
    {{ known_end() }} as recorded_to
from {{ ref('int_sources__invoices_united') }}
where
    not is_deleted
    and recorded_from <= {{ known_at() }}
