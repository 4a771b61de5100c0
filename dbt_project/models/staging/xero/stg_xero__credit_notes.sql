select
    -- ids
    source || ':' || "CreditNoteID" as credit_note_id,
    cartera_company_id as company_id,
    source || ':' || "ContactID" as customer_id,
    cast(null as text) as invoice_id,
    source,

    -- attributes
    "ContactID" as customer_code,
    coalesce("CreditNoteNumber", "CreditNoteID") as document_number,
    case
        when "Status" in ('DRAFT', 'SUBMITTED') then 'draft'
        when "Status" = 'VOIDED' then 'void'
        when "Status" = 'DELETED' then 'deleted'
        else 'open'
    end as status,
    "CurrencyCode" as currency_code,
    "BaseCurrency" as company_currency_code,
    {{ rate_turned_round('"CurrencyRate"') }} as document_fx_rate,

    -- amounts
    "Total" as total_amount,

    -- dates
    "Date" as issue_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('xero', 'credit_notes') }}
