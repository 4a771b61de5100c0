select
    -- ids
    transactions.source || ':' || transactions.id || ':' || {{ json_text('item', 'nextdoc') }} as write_off_id,
    transactions.source || ':' || transactions.id as invoice_id,
    cast(null as text) as instalment_id,
    transactions.source,

    -- attributes
    'settled by ' || {{ json_text('item', 'nexttype') }} as reason,

    -- amounts
    abs(cast({{ json_text('item', 'foreignamount') }} as numeric(24, 6))) as written_off_amount,

    -- dates
    transactions.trandate as write_off_date,
    cast(null as date) as reversed_date,

    -- versions
    transactions.is_deleted,
    transactions.recorded_from,
    transactions.recorded_to
from {{ source('netsuite', 'transaction') }} as transactions
{{ json_items('transactions.othersettled', 'item') }}
where transactions.type = 'CustInvc'
