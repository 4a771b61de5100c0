select
    -- ids
    source || ':' || id as invoice_id,
    cartera_company_id as company_id,
    source || ':' || coalesce(commercial_partner_id, 'no_partner') as customer_id,
    source,

    -- attributes
    coalesce(commercial_partner_id, 'no partner') as customer_code,
    commercial_partner as customer_name,
    cast(null as text) as customer_email,
    coalesce(name, id) as document_number,
    'invoice' as document_type,
    case state when 'draft' then 'draft' when 'cancel' then 'void' else 'open' end as status,
    currency as currency_code,
    company_currency as company_currency_code,
    cast(
        round(abs(amount_total_signed / nullif(amount_total_in_currency_signed, 0)), 12) as numeric(24, 12)
    ) as document_fx_rate,
    record_key,
    cast(null as text) as document_url,
    cast(null as text) as file_name,
    cast(null as bigint) as file_row,

    -- amounts
    amount_total as total_amount,
    cast(null as numeric(24, 6)) as paid_amount,
    cast(null as numeric(24, 6)) as credited_amount,
    amount_residual as open_amount,

    -- booleans
    false as is_disputed,

    -- dates
    coalesce(invoice_date, date) as issue_date,
    invoice_date_due as due_date,
    cast(null as date) as paid_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('odoo', 'account_move') }}
where move_type in ('out_invoice', 'out_receipt')

union all

-- a debt that no invoice made: an opening balance, a correction
select
    -- ids
    source || ':line:' || id as invoice_id,
    cartera_company_id as company_id,
    source || ':' || coalesce(commercial_partner_id, 'no_partner') as customer_id,
    source,

    -- attributes
    coalesce(commercial_partner_id, 'no partner') as customer_code,
    partner as customer_name,
    cast(null as text) as customer_email,
    coalesce(move_name, id) as document_number,
    'invoice' as document_type,
    case parent_state when 'draft' then 'draft' when 'cancel' then 'void' else 'open' end as status,
    currency as currency_code,
    company_currency as company_currency_code,
    cast(round(balance / nullif(amount_currency, 0), 12) as numeric(24, 12)) as document_fx_rate,
    record_key,
    cast(null as text) as document_url,
    cast(null as text) as file_name,
    cast(null as bigint) as file_row,

    -- amounts
    amount_currency as total_amount,
    cast(null as numeric(24, 6)) as paid_amount,
    cast(null as numeric(24, 6)) as credited_amount,
    amount_residual_currency as open_amount,

    -- booleans
    false as is_disputed,

    -- dates
    date as issue_date,
    date_maturity as due_date,
    cast(null as date) as paid_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('odoo', 'account_move_line') }}
where {{ odoo_line_kind() }} = 'debt'
