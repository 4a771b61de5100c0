select
    -- ids
    source || ':' || document_key as invoice_id,
    cartera_company_id as company_id,
    source || ':' || customer_key as customer_id,
    source,

    -- attributes
    coalesce(customer_tax_id, customer_name) as customer_code,
    customer_name,
    customer_email,
    number as document_number,
    'invoice' as document_type,
    case when replaced_by is null then 'open' else 'void' end as status,
    currency as currency_code,
    home_currency as company_currency_code,
    nullif(exchange_rate, 0) as document_fx_rate,
    record_key,
    cast(null as text) as document_url,
    file_name,
    cast(null as bigint) as file_row,

    -- amounts
    total_amount,
    case when is_paid_at_once then total_amount end as paid_amount,
    cast(null as numeric(24, 6)) as credited_amount,
    cast(null as numeric(24, 6)) as open_amount,

    -- booleans
    false as is_disputed,

    -- dates
    issue_date,
    due_date,
    case when is_paid_at_once then issue_date end as paid_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('documents', 'document') }}
where kind = 'invoice'
