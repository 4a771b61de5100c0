select
    -- ids
    source || ':' || document_key as credit_note_id,
    cartera_company_id as company_id,
    source || ':' || customer_key as customer_id,
    source || ':' || corrected_key as invoice_id,
    source,

    -- attributes
    coalesce(customer_tax_id, customer_name) as customer_code,
    number as document_number,
    case when replaced_by is null then 'open' else 'void' end as status,
    currency as currency_code,
    home_currency as company_currency_code,
    nullif(exchange_rate, 0) as document_fx_rate,

    -- amounts
    total_amount,

    -- dates
    issue_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('documents', 'document') }}
where kind = 'credit_note'
