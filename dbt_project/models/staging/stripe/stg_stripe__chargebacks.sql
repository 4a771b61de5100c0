-- while the bank has not decided the money is contested, not owed. Stripe leaves the invoice paid: what a lost dispute
-- took is a debt of its own
select
    -- ids
    source || ':' || id as chargeback_id,
    cartera_company_id as company_id,
    source || ':' || customer as customer_id,
    cast(null as text) as payment_id,
    cast(null as text) as invoice_id,
    cast(null as text) as instalment_id,
    source,

    -- attributes
    customer as customer_code,
    id as document_number,
    upper(currency) as currency_code,
    reason,

    -- amounts
    amount as charged_back_amount,

    -- dates
    {{ utc_date('coalesce(withdrawn_at, created)') }} as chargeback_date,
    {{ utc_date('reinstated_at') }} as reversed_date,

    -- versions
    is_deleted or not (status = 'lost' or (status = 'won' and reinstated_at is not null)) as is_deleted,
    recorded_from,
    recorded_to
from {{ source('stripe', 'dispute') }}
where customer is not null
