-- a debt is the initial entry of a document, whatever brought it; money paid back is none
select
    -- ids
    source || ':' || cast("cleEntryNo" as text) as invoice_id,
    cartera_company_id as company_id,
    source || ':' || "customerNumber" as customer_id,
    source,

    -- attributes
    "customerNumber" as customer_code,
    cast(null as text) as customer_name,
    cast(null as text) as customer_email,
    coalesce("dcleDocumentNo", cast("cleEntryNo" as text)) as document_number,
    'invoice' as document_type,
    'open' as status,
    currency as currency_code,
    company_currency as company_currency_code,
    case
        when currency <> company_currency then cast("amountLocalCurrency" / amount as numeric(24, 12))
    end as document_fx_rate,
    record_key,
    cast(null as text) as document_url,
    cast(null as text) as file_name,
    cast(null as bigint) as file_row,

    -- amounts
    amount as total_amount,
    cast(null as numeric(24, 6)) as paid_amount,
    cast(null as numeric(24, 6)) as credited_amount,
    cast(null as numeric(24, 6)) as open_amount,

    -- booleans
    false as is_disputed,

    -- dates
    "postingDate" as issue_date,
    "dcleInitialEntryDueDate" as due_date,
    cast(null as date) as paid_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('businesscentral', 'detailed_customer_ledger_entries') }}
where
    "entryType" = 'Initial Entry'
    and amount > 0
    and coalesce("dcleDocumentType", '') not in ('Payment', 'Refund')
