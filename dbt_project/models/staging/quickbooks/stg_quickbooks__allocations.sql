select
    -- ids
    source || ':' || "Id" || ':' || {{ json_text('item', 'Row') }} as allocation_id,
    -- a credit of a journal entry is money
    case
        when {{ json_text('item', 'JournalId') }} is not null then source || ':' || {{ json_text('item', 'JournalId') }}
        when {{ json_text('item', 'CreditMemoId') }} is null then source || ':' || "Id"
    end as payment_id,
    source || ':' || {{ json_text('item', 'CreditMemoId') }} as credit_note_id,
    source || ':' || {{ json_text('item', 'InvoiceId') }} as invoice_id,
    cast(null as text) as instalment_id,
    source,

    -- amounts
    cast({{ json_text('item', 'Amount') }} as numeric(24, 6)) as allocated_amount,

    -- dates
    "TxnDate" as allocated_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('quickbooks', 'payment') }}
{{ json_items('"Applied"', 'item') }}
where {{ json_text('item', 'InvoiceId') }} is not null
