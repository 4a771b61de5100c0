select
    -- ids
    settlement_id as credit_note_id,
    company_id,
    customer_id,
    invoice_id,
    source,

    -- attributes
    customer_code,
    document_number,
    'open' as status,
    currency_code,
    cast(null as text) as company_currency_code,
    cast(null as numeric(24, 12)) as document_fx_rate,

    -- amounts
    settled_amount as total_amount,

    -- dates
    settled_date as issue_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ ref('stg_stripe__invoice_settlements') }}
where settlement_type = 'credit_note'

union all

-- Stripe leaves an invoice paid when its money is given back, whether a credit note says so or not
select
    -- ids
    source || ':' || id as credit_note_id,
    cartera_company_id as company_id,
    source || ':' || customer as customer_id,
    cast(null as text) as invoice_id,
    source,

    -- attributes
    customer as customer_code,
    id as document_number,
    case when status in ('failed', 'canceled') then 'void' else 'open' end as status,
    upper(currency) as currency_code,
    cast(null as text) as company_currency_code,
    cast(null as numeric(24, 12)) as document_fx_rate,

    -- amounts
    amount as total_amount,

    -- dates
    {{ utc_date('created') }} as issue_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('stripe', 'refund') }}
where customer is not null

union all

-- a negative balance is credit for the next invoice, since it last changed; where the key may not read when that was,
-- we know only that it is not after the day of reading
select
    -- ids
    source || ':' || id || ':balance' as credit_note_id,
    cartera_company_id as company_id,
    source || ':' || id as customer_id,
    cast(null as text) as invoice_id,
    source,

    -- attributes
    id as customer_code,
    id as document_number,
    'open' as status,
    upper(currency) as currency_code,
    cast(null as text) as company_currency_code,
    cast(null as numeric(24, 12)) as document_fx_rate,

    -- amounts
    -balance as total_amount,

    -- dates
    {{ utc_date('coalesce(balance_at, recorded_from)') }} as issue_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('stripe', 'customer') }}
where balance < 0
