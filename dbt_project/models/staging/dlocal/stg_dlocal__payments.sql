select
    -- ids
    source || ':' || reference as payment_id,
    cartera_company_id as company_id,
    source || ':' || customer_code as customer_id,
    source,

    -- attributes
    customer_code,
    document_number,
    case
        when
            status in ('pending', 'in process', 'waiting details', 'cancelled', 'rejected', 'expired', 'authorized')
            then 'cancelled'
        else 'received'
    end as status,
    currency_code,
    cast(null as text) as company_currency_code,
    cast(null as numeric(24, 12)) as document_fx_rate,

    -- amounts
    amount as payment_amount,

    -- dates
    creation_date as received_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ ref('stg_dlocal__transactions') }}
where type = 'Payment'
