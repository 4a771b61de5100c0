select
    -- ids
    source || ':' || "Id" as payment_id,
    cartera_company_id as company_id,
    source || ':' || "CustomerId" as customer_id,
    source,

    -- attributes
    "CustomerId" as customer_code,
    coalesce("PaymentRefNum", "Id") as document_number,
    -- one of nothing only brings a credit memo to an invoice, or was voided
    case when "SettledAmt" = 0 then 'cancelled' else 'received' end as status,
    "CurrencyCode" as currency_code,
    "HomeCurrency" as company_currency_code,
    nullif("ExchangeRate", 0) as document_fx_rate,

    -- amounts
    "SettledAmt" as payment_amount,

    -- dates
    "TxnDate" as received_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('quickbooks', 'payment') }}

union all

-- what a journal entry credits a customer
select
    -- ids
    source || ':JournalEntry:' || "Id" || ':' || {{ json_text('item', 'CustomerId') }} as payment_id,
    cartera_company_id as company_id,
    source || ':' || {{ json_text('item', 'CustomerId') }} as customer_id,
    source,

    -- attributes
    {{ json_text('item', 'CustomerId') }} as customer_code,
    coalesce("DocNumber", 'journal ' || "Id") as document_number,
    'received' as status,
    "CurrencyCode" as currency_code,
    "HomeCurrency" as company_currency_code,
    nullif("ExchangeRate", 0) as document_fx_rate,

    -- amounts
    -cast({{ json_text('item', 'Amount') }} as numeric(24, 6)) as payment_amount,

    -- dates
    "TxnDate" as received_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('quickbooks', 'journal_entry') }}
{{ json_items('"Receivable"', 'item') }}
where cast({{ json_text('item', 'Amount') }} as numeric(24, 6)) < 0
