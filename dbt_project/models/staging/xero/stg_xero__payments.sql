select
    -- ids
    source || ':' || "PaymentID" as payment_id,
    cartera_company_id as company_id,
    source || ':' || "ContactID" as customer_id,
    source,

    -- attributes
    "ContactID" as customer_code,
    coalesce("Reference", "PaymentID") as document_number,
    case when "Status" in ('AUTHORISED') then 'received' else 'cancelled' end as status,
    "CurrencyCode" as currency_code,
    "BaseCurrency" as company_currency_code,
    {{ rate_turned_round('"CurrencyRate"') }} as document_fx_rate,

    -- amounts
    "Amount" as payment_amount,

    -- dates
    "Date" as received_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('xero', 'payments') }}
where "PaymentType" = 'ACCRECPAYMENT'

union all

select
    -- ids
    source || ':' || "OverpaymentID" as payment_id,
    cartera_company_id as company_id,
    source || ':' || "ContactID" as customer_id,
    source,

    -- attributes
    "ContactID" as customer_code,
    coalesce("Reference", "OverpaymentID") as document_number,
    case when "Status" in ('AUTHORISED', 'PAID') then 'received' else 'cancelled' end as status,
    "CurrencyCode" as currency_code,
    "BaseCurrency" as company_currency_code,
    {{ rate_turned_round('"CurrencyRate"') }} as document_fx_rate,

    -- amounts
    "Total" as payment_amount,

    -- dates
    "Date" as received_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('xero', 'overpayments') }}

union all

select
    -- ids
    source || ':' || "PrepaymentID" as payment_id,
    cartera_company_id as company_id,
    source || ':' || "ContactID" as customer_id,
    source,

    -- attributes
    "ContactID" as customer_code,
    coalesce("Reference", "PrepaymentID") as document_number,
    case when "Status" in ('AUTHORISED', 'PAID') then 'received' else 'cancelled' end as status,
    "CurrencyCode" as currency_code,
    "BaseCurrency" as company_currency_code,
    {{ rate_turned_round('"CurrencyRate"') }} as document_fx_rate,

    -- amounts
    "Total" as payment_amount,

    -- dates
    "Date" as received_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('xero', 'prepayments') }}
