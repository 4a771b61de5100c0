select
    -- ids
    source || ':14:' || "DocEntry" as credit_note_id,
    cartera_company_id as company_id,
    source || ':' || "CardCode" as customer_id,
    cast(null as text) as invoice_id,
    source,

    -- attributes
    "CardCode" as customer_code,
    coalesce("DocNum", "DocEntry") as document_number,
    case when coalesce("CancelStatus", 'csNo') = 'csNo' then 'open' else 'void' end as status,
    currency as currency_code,
    company_currency as company_currency_code,
    case when currency <> company_currency then nullif("DocRate", 0) end as document_fx_rate,

    -- amounts
    case when currency = company_currency then "DocTotal" else "DocTotalFc" end as total_amount,

    -- dates
    "DocDate" as issue_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('sapb1', 'credit_notes') }}
