select
    -- ids
    transactions.source || ':' || transactions.id || ':' || {{ json_text('item', 'previousdoc') }} as allocation_id,
    case when transactions.type <> 'CustCred' then transactions.source || ':' || transactions.id end as payment_id,
    case when transactions.type = 'CustCred' then transactions.source || ':' || transactions.id end as credit_note_id,
    transactions.source || ':' || {{ json_text('item', 'previousdoc') }} as invoice_id,
    cast(null as text) as instalment_id,
    transactions.source,

    -- amounts
    abs(cast({{ json_text('item', 'foreignamount') }} as numeric(24, 6))) as allocated_amount,

    -- dates
    transactions.trandate as allocated_date,

    -- versions
    transactions.is_deleted or transactions.voided = 'T' or transactions.posting = 'F' as is_deleted,
    transactions.recorded_from,
    transactions.recorded_to
from {{ source('netsuite', 'transaction') }} as transactions
{{ json_items('transactions.applied', 'item') }}
where
    transactions.type in ('CustCred', 'CustPymt', 'DepAppl')
    and {{ json_text('item', 'previoustype') }} = 'CustInvc'
