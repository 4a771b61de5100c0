{{ config(severity='warn') }}
-- books go before documents, gateways and banks as long as nobody says otherwise
with

counted as (
    select * from {{ ref('int_companies__payments_counted') }}
)

select
    company_id,
    source
from counted
where
    not is_counted
    and not is_configured
    and {{ is_known('counted', known_at()) }}
