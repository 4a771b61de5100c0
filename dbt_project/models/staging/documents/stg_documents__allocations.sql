select
    -- ids
    source || ':' || document_key || ':' || {{ json_text('item', 'row') }} as allocation_id,
    source || ':' || document_key || ':' || {{ json_text('item', 'row') }} as payment_id,
    cast(null as text) as credit_note_id,
    source || ':' || {{ json_text('item', 'document_key') }} as invoice_id,
    cast(null as text) as instalment_id,
    source,

    -- amounts
    cast({{ json_text('item', 'amount') }} as numeric(24, 6)) as allocated_amount,

    -- dates
    issue_date as allocated_date,

    -- versions
    is_deleted or replaced_by is not null as is_deleted,
    recorded_from,
    recorded_to
from {{ source('documents', 'document') }}
{{ json_items('settled', 'item') }}
where kind = 'payment'

union all

select
    -- ids
    source || ':' || document_key as allocation_id,
    cast(null as text) as payment_id,
    source || ':' || document_key as credit_note_id,
    source || ':' || corrected_key as invoice_id,
    cast(null as text) as instalment_id,
    source,

    -- amounts
    total_amount as allocated_amount,

    -- dates
    issue_date as allocated_date,

    -- versions
    is_deleted or corrected_key is null or replaced_by is not null as is_deleted,
    recorded_from,
    recorded_to
from {{ source('documents', 'document') }}
where kind = 'credit_note'
