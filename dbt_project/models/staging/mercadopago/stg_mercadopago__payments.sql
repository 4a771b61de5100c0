-- what is refunded, charged back or in mediation was received before; anything else is no money (yet)
select
    -- ids
    source || ':' || id as payment_id,
    cartera_company_id as company_id,
    source || ':' || coalesce(payer_id, payer_email, payer_identification, 'unknown') as customer_id,
    source,

    -- attributes
    coalesce(payer_id, payer_email, payer_identification, 'unknown') as customer_code,
    coalesce(external_reference, id) as document_number,
    case
        when status in ('approved', 'in_mediation', 'refunded', 'charged_back') then 'received'
        else 'cancelled'
    end as status,
    currency_id as currency_code,
    cast(null as text) as company_currency_code,
    cast(null as numeric(24, 12)) as document_fx_rate,

    -- amounts
    transaction_amount as payment_amount,

    -- dates
    coalesce(approved_date, updated_date) as received_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('mercadopago', 'payments') }}
-- money of the account's own that it moves
where coalesce(operation_type, '') not in ('account_fund', 'investment')
