select
    -- ids
    source || ':' || "Id" as credit_note_id,
    cartera_company_id as company_id,
    source || ':' || "CustomerId" as customer_id,
    cast(null as text) as invoice_id,
    source,

    -- attributes
    "CustomerId" as customer_code,
    coalesce("DocNumber", "Id") as document_number,
    case when "TotalAmt" = 0 and "PrivateNote" like 'Void%' then 'void' else 'open' end as status,
    "CurrencyCode" as currency_code,
    "HomeCurrency" as company_currency_code,
    nullif("ExchangeRate", 0) as document_fx_rate,

    -- amounts
    "TotalAmt" as total_amount,

    -- dates
    "TxnDate" as issue_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('quickbooks', 'credit_memo') }}
