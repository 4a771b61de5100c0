select
    -- ids
    company_id,
    source,

    -- attributes
    name,
    currency_code as company_currency_code,
    calendar_id,
    coalesce(due_date_rule, 'as_stated') as due_date_rule,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'companies') }}
