-- the debt is what was invoiced, and what the customer owed before and Stripe asks for with it. An uncollectible
-- invoice is open until it is written off; Stripe itself goes on to name what remains of it
select
    -- ids
    source || ':' || id as invoice_id,
    cartera_company_id as company_id,
    source || ':' || customer as customer_id,
    source,

    -- attributes
    customer as customer_code,
    customer_name,
    customer_email,
    coalesce(number, id) as document_number,
    'invoice' as document_type,
    case when status in ('draft', 'void') then status else 'open' end as status,
    upper(currency) as currency_code,
    cast(null as text) as company_currency_code,
    cast(null as numeric(24, 12)) as document_fx_rate,
    record_key,
    cast(null as text) as document_url,
    cast(null as text) as file_name,
    cast(null as bigint) as file_row,

    -- amounts
    greatest(total, amount_due + coalesce(pre_payment_credit_notes_amount, 0), 0) as total_amount,
    cast(null as numeric(24, 6)) as paid_amount,
    cast(null as numeric(24, 6)) as credited_amount,
    case when status = 'uncollectible' then 0 else amount_remaining end as open_amount,

    -- booleans
    false as is_disputed,

    -- dates
    {{ utc_date('coalesce(effective_at, finalized_at, created)') }} as issue_date,
    {{ utc_date('due_date') }} as due_date,
    cast(null as date) as paid_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('stripe', 'invoice') }}
