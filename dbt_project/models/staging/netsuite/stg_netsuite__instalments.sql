-- the installments are part of the invoice: a row lives as long as the version that has it
select
    -- ids
    transactions.source || ':' || transactions.id || ':' || {{ json_text('item', 'seqnum') }} as instalment_id,
    transactions.source || ':' || transactions.id as invoice_id,
    transactions.source,

    -- amounts
    cast({{ json_text('item', 'amount') }} as numeric(24, 6)) as instalment_amount,

    -- dates
    cast({{ json_text('item', 'duedate') }} as date) as due_date,

    -- versions
    transactions.is_deleted,
    transactions.recorded_from,
    transactions.recorded_to
from {{ source('netsuite', 'transaction') }} as transactions
{{ json_items('transactions.installments', 'item') }}
where transactions.type = 'CustInvc'
