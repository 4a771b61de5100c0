-- a part is in the currency of the document that it pays: it is a payment of its own
select
    -- ids
    source || ':' || document_key || ':' || {{ json_text('item', 'row') }} as payment_id,
    cartera_company_id as company_id,
    source || ':' || customer_key as customer_id,
    source,

    -- attributes
    coalesce(customer_tax_id, customer_name) as customer_code,
    number as document_number,
    case when replaced_by is null then 'received' else 'cancelled' end as status,
    {{ json_text('item', 'currency') }} as currency_code,
    home_currency as company_currency_code,
    case when {{ json_text('item', 'currency') }} = currency then nullif(exchange_rate, 0) end as document_fx_rate,

    -- amounts
    cast({{ json_text('item', 'amount') }} as numeric(24, 6)) as payment_amount,

    -- dates
    issue_date as received_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('documents', 'document') }}
{{ json_items('settled', 'item') }}
where kind = 'payment'

union all

-- what names no document is on account
select
    -- ids
    source || ':' || document_key as payment_id,
    cartera_company_id as company_id,
    source || ':' || customer_key as customer_id,
    source,

    -- attributes
    coalesce(customer_tax_id, customer_name) as customer_code,
    number as document_number,
    case when rest_amount > 0 and replaced_by is null then 'received' else 'cancelled' end as status,
    currency as currency_code,
    home_currency as company_currency_code,
    nullif(exchange_rate, 0) as document_fx_rate,

    -- amounts
    coalesce(rest_amount, 0) as payment_amount,

    -- dates
    issue_date as received_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('documents', 'document') }}
where kind = 'payment'
