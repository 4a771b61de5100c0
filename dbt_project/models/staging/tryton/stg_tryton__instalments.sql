select
    -- ids
    t.source || ':' || t.id as instalment_id,
    t.source || ':' || t.invoice as invoice_id,
    t.source,

    -- amounts
    t.amount as instalment_amount,

    -- dates
    coalesce(t.maturity_date, t.move_date) as due_date,

    -- versions
    t.is_deleted or t.move_state = 'draft' as is_deleted,
    t.recorded_from,
    t.recorded_to
from {{ source('tryton', 'account_move_line') }} as t
where t.amount > 0 and t.invoice is not null and not t.is_credit_note
