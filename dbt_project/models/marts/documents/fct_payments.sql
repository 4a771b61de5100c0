{{ config(materialized='view') }}

-- as the build knew it: what lands later changes nothing here until the next publication
select
    payment_id,
    company_id,
    customer_id,
    document_number,
    status,
    currency_code,
    payment_amount,
    received_date,
    source,
    recorded_from,
    {{ known_end() }} as recorded_to
from {{ ref('int_sources__payments_united') }}
where
    not is_deleted
    and recorded_from <= {{ known_at() }}
