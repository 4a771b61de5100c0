-- a missing denominator gives null with a reason, never silence
select
    company_id,
    currency_code,
    kpi
from {{ ref('fct_kpis') }}
where
    value is null
    and reason is null
