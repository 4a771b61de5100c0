select
    -- ids
    source || ':' || document_key || ':' || {{ json_text('item', 'row') }} as instalment_id,
    source || ':' || document_key as invoice_id,
    source,

    -- amounts
    cast({{ json_text('item', 'amount') }} as numeric(24, 6)) as instalment_amount,

    -- dates
    cast({{ json_text('item', 'due_date') }} as date) as due_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('documents', 'document') }}
{{ json_items('instalments', 'item') }}
where kind = 'invoice'
