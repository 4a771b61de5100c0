select
    -- ids
    source || ':' || "PaymentID" as allocation_id,
    source || ':' || "PaymentID" as payment_id,
    cast(null as text) as credit_note_id,
    source || ':' || "ParentID" as invoice_id,
    cast(null as text) as instalment_id,
    source,

    -- amounts
    "Amount" as allocated_amount,

    -- dates
    "Date" as allocated_date,

    -- versions
    is_deleted or "Status" <> 'AUTHORISED' as is_deleted,
    recorded_from,
    recorded_to
from {{ source('xero', 'payments') }}
where "PaymentType" = 'ACCRECPAYMENT'

{% set nothing = 'cast(null as text)' %}
{% for table, key, payment, credit_note in [
    ('credit_notes', 'CreditNoteID', nothing, "source || ':' || \"CreditNoteID\""),
    ('overpayments', 'OverpaymentID', "source || ':' || \"OverpaymentID\"", nothing),
    ('prepayments', 'PrepaymentID', "source || ':' || \"PrepaymentID\"", nothing),
] %}
    union all

    select
        -- ids
        source || ':' || "{{ key }}" || ':' || {{ json_text('item', 'AllocationID') }} as allocation_id,
        {{ payment }} as payment_id,
        {{ credit_note }} as credit_note_id,
        source || ':' || {{ json_text('item', 'InvoiceID') }} as invoice_id,
        cast(null as text) as instalment_id,
        source,

        -- amounts
        cast({{ json_text('item', 'Amount') }} as numeric(24, 6)) as allocated_amount,

        -- dates
        coalesce(cast({{ json_text('item', 'Date') }} as date), "Date") as allocated_date,

        -- versions
        is_deleted or "Status" not in ('AUTHORISED', 'PAID') as is_deleted,
        recorded_from,
        recorded_to
    from {{ source('xero', table) }}
    {{ json_items('"Allocations"', 'item') }}
{% endfor %}
