select
    -- ids
    source || ':' || "InvoiceID" as invoice_id,
    cartera_company_id as company_id,
    source || ':' || "ContactID" as customer_id,
    source,

    -- attributes
    "ContactID" as customer_code,
    "ContactName" as customer_name,
    cast(null as text) as customer_email,
    coalesce("InvoiceNumber", "InvoiceID") as document_number,
    'invoice' as document_type,
    case
        when "Status" in ('DRAFT', 'SUBMITTED') then 'draft'
        when "Status" = 'VOIDED' then 'void'
        when "Status" = 'DELETED' then 'deleted'
        else 'open'
    end as status,
    "CurrencyCode" as currency_code,
    "BaseCurrency" as company_currency_code,
    -- theirs is how much of the currency one unit of the base currency gives
    {{ rate_turned_round('"CurrencyRate"') }} as document_fx_rate,
    record_key,
    cast(null as text) as document_url,
    cast(null as text) as file_name,
    cast(null as bigint) as file_row,

    -- amounts
    "Total" as total_amount,
    cast(null as numeric(24, 6)) as paid_amount,
    cast(null as numeric(24, 6)) as credited_amount,
    "AmountDue" as open_amount,

    -- booleans
    false as is_disputed,

    -- dates
    "Date" as issue_date,
    "DueDate" as due_date,
    cast(null as date) as paid_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('xero', 'invoices') }}
