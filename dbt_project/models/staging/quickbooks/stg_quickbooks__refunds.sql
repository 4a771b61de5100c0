select
    -- ids
    source || ':' || "Id" || ':' || {{ json_text('item', 'Row') }} as refund_id,
    cartera_company_id as company_id,
    source || ':' || "CustomerId" as customer_id,
    source || ':' || {{ json_text('item', 'JournalId') }} as payment_id,
    source || ':' || {{ json_text('item', 'CreditMemoId') }} as credit_note_id,
    source,

    -- attributes
    "CustomerId" as customer_code,
    coalesce("PaymentRefNum", "Id") as document_number,
    "CurrencyCode" as currency_code,
    cast(null as text) as reason,

    -- amounts
    cast({{ json_text('item', 'Amount') }} as numeric(24, 6)) as refunded_amount,

    -- dates
    "TxnDate" as refund_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('quickbooks', 'payment') }}
{{ json_items('"Applied"', 'item') }}
where {{ json_text('item', 'InvoiceId') }} is null
