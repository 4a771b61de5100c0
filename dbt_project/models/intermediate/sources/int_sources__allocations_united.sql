{%- set columns = [
    'allocation_id',
    'payment_id',
    'credit_note_id',
    'invoice_id',
    'stated_invoice_id',
    'instalment_id',
    'source',
    'allocated_amount',
    'allocated_date',
    'is_deleted',
    'recorded_from',
    'recorded_to',
] -%}
{{ united('allocations', columns) }}
{{ with_payments_referred(columns) }}
