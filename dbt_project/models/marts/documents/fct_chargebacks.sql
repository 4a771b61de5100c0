{{ config(materialized='view') }}

-- as the build knew it: what lands later changes nothing here until the next publication
select
    chargeback_id,
    company_id,
    customer_id,
    payment_id,
    invoice_id,
    instalment_id,
    currency_code,
    reason,
    charged_back_amount,
    chargeback_date,
    reversed_date,
    source,
    recorded_from,
    {{ known_end() }} as recorded_to
from {{ ref('int_sources__chargebacks_united') }}
where
    not is_deleted
    and recorded_from <= {{ known_at() }}
