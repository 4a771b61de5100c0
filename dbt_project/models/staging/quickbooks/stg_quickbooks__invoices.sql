select
    -- ids
    source || ':' || "Id" as invoice_id,
    cartera_company_id as company_id,
    source || ':' || "CustomerId" as customer_id,
    source,

    -- attributes
    "CustomerId" as customer_code,
    "CustomerName" as customer_name,
    "Email" as customer_email,
    coalesce("DocNumber", "Id") as document_number,
    'invoice' as document_type,
    case when "TotalAmt" = 0 and "PrivateNote" like 'Void%' then 'void' else 'open' end as status,
    "CurrencyCode" as currency_code,
    "HomeCurrency" as company_currency_code,
    nullif("ExchangeRate", 0) as document_fx_rate,
    record_key,
    cast(null as text) as document_url,
    cast(null as text) as file_name,
    cast(null as bigint) as file_row,

    -- amounts
    "TotalAmt" - coalesce("Deposit", 0) as total_amount,
    cast(null as numeric(24, 6)) as paid_amount,
    cast(null as numeric(24, 6)) as credited_amount,
    "Balance" as open_amount,

    -- booleans
    false as is_disputed,

    -- dates
    "TxnDate" as issue_date,
    "DueDate" as due_date,
    cast(null as date) as paid_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('quickbooks', 'invoice') }}

union all

-- a debt that a journal entry made; what is open of it QuickBooks says nowhere
select
    -- ids
    source || ':JournalEntry:' || "Id" || ':' || {{ json_text('item', 'CustomerId') }} as invoice_id,
    cartera_company_id as company_id,
    source || ':' || {{ json_text('item', 'CustomerId') }} as customer_id,
    source,

    -- attributes
    {{ json_text('item', 'CustomerId') }} as customer_code,
    {{ json_text('item', 'CustomerName') }} as customer_name,
    cast(null as text) as customer_email,
    coalesce("DocNumber", 'journal ' || "Id") as document_number,
    'invoice' as document_type,
    'open' as status,
    "CurrencyCode" as currency_code,
    "HomeCurrency" as company_currency_code,
    nullif("ExchangeRate", 0) as document_fx_rate,
    record_key,
    cast(null as text) as document_url,
    cast(null as text) as file_name,
    cast(null as bigint) as file_row,

    -- amounts
    cast({{ json_text('item', 'Amount') }} as numeric(24, 6)) as total_amount,
    cast(null as numeric(24, 6)) as paid_amount,
    cast(null as numeric(24, 6)) as credited_amount,
    cast(null as numeric(24, 6)) as open_amount,

    -- booleans
    false as is_disputed,

    -- dates
    "TxnDate" as issue_date,
    "TxnDate" as due_date,
    cast(null as date) as paid_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('quickbooks', 'journal_entry') }}
{{ json_items('"Receivable"', 'item') }}
where cast({{ json_text('item', 'Amount') }} as numeric(24, 6)) > 0
