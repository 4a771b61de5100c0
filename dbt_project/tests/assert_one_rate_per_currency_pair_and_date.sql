{{ config(severity='warn') }}
-- two rates of one source for one pair, company and day: nothing says which of them is right
with

rates as (
    select * from {{ ref('fct_fx_rates') }}
)

select
    source,
    company_id,
    currency_code,
    company_currency_code,
    rate_date,
    min(rate) as lowest_rate,
    max(rate) as highest_rate
from rates
where {{ is_known('rates', known_at()) }}
group by
    source,
    company_id,
    currency_code,
    company_currency_code,
    rate_date
having min(rate) <> max(rate)
