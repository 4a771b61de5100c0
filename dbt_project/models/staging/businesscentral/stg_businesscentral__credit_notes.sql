select
    -- ids
    source || ':' || cast("cleEntryNo" as text) as credit_note_id,
    cartera_company_id as company_id,
    source || ':' || "customerNumber" as customer_id,
    cast(null as text) as invoice_id,
    source,

    -- attributes
    "customerNumber" as customer_code,
    coalesce("dcleDocumentNo", cast("cleEntryNo" as text)) as document_number,
    'open' as status,
    currency as currency_code,
    company_currency as company_currency_code,
    case
        when currency <> company_currency then cast("amountLocalCurrency" / amount as numeric(24, 12))
    end as document_fx_rate,

    -- amounts
    -amount as total_amount,

    -- dates
    "postingDate" as issue_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('businesscentral', 'detailed_customer_ledger_entries') }}
where
    "entryType" = 'Initial Entry'
    and amount < 0
    and coalesce("dcleDocumentType", '') not in ('Payment', 'Refund')
