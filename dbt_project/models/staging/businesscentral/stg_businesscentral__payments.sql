select
    -- ids
    source || ':' || cast("cleEntryNo" as text) as payment_id,
    cartera_company_id as company_id,
    source || ':' || "customerNumber" as customer_id,
    source,

    -- attributes
    "customerNumber" as customer_code,
    coalesce("dcleDocumentNo", cast("cleEntryNo" as text)) as document_number,
    'received' as status,
    currency as currency_code,
    company_currency as company_currency_code,
    case
        when currency <> company_currency then cast("amountLocalCurrency" / amount as numeric(24, 12))
    end as document_fx_rate,

    -- amounts
    -amount as payment_amount,

    -- dates
    "postingDate" as received_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('businesscentral', 'detailed_customer_ledger_entries') }}
where
    "entryType" = 'Initial Entry'
    and amount < 0
    and coalesce("dcleDocumentType", '') in ('Payment', 'Refund')
