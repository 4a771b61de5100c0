-- its own total is positive; what settled a debt in another currency is used up there
select
    -- ids
    source || ':' || id as credit_note_id,
    cartera_company_id as company_id,
    source || ':' || coalesce(commercial_partner_id, 'no_partner') as customer_id,
    source || ':' || reversed_entry_id as invoice_id,
    source,

    -- attributes
    coalesce(commercial_partner_id, 'no partner') as customer_code,
    coalesce(name, id) as document_number,
    case state when 'draft' then 'draft' when 'cancel' then 'void' else 'open' end as status,
    currency as currency_code,
    company_currency as company_currency_code,
    cast(
        round(abs(amount_total_signed / nullif(amount_total_in_currency_signed, 0)), 12) as numeric(24, 12)
    ) as document_fx_rate,

    -- amounts
    -amount_total_in_currency_signed - coalesce(converted_amount, 0) as total_amount,

    -- dates
    coalesce(invoice_date, date) as issue_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('odoo', 'account_move') }}
where move_type = 'out_refund'
