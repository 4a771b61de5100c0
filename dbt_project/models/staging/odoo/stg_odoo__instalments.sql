select
    -- ids
    source || ':' || id as instalment_id,
    source || ':' || move_id as invoice_id,
    source,

    -- amounts
    amount_currency as instalment_amount,

    -- dates
    coalesce(date_maturity, date) as due_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ ref('base_odoo__lines') }}
where {{ odoo_line_kind() }} = 'instalment'
