select
    -- ids
    source || ':' || "PaymentID" as refund_id,
    cartera_company_id as company_id,
    source || ':' || "ContactID" as customer_id,
    case when "PaymentType" <> 'ARCREDITPAYMENT' then source || ':' || "ParentID" end as payment_id,
    case when "PaymentType" = 'ARCREDITPAYMENT' then source || ':' || "ParentID" end as credit_note_id,
    source,

    -- attributes
    "ContactID" as customer_code,
    coalesce("Reference", "PaymentID") as document_number,
    "CurrencyCode" as currency_code,
    cast(null as text) as reason,

    -- amounts
    "Amount" as refunded_amount,

    -- dates
    "Date" as refund_date,

    -- versions
    is_deleted or "Status" <> 'AUTHORISED' as is_deleted,
    recorded_from,
    recorded_to
from {{ source('xero', 'payments') }}
where "PaymentType" in ('ARCREDITPAYMENT', 'AROVERPAYMENTPAYMENT', 'ARPREPAYMENTPAYMENT')
