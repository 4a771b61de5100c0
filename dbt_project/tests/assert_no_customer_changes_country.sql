{{ config(severity='warn') }}
-- a customer that moves to another country has other laws, holidays and languages: its history keeps both
with

customers as (
    select * from {{ ref('dim_customers') }}
),

-- a version without a country does not hide the change between those around it
countries as (
    select
        customer_id,
        country_code,
        recorded_from,
        lag(country_code) over (partition by customer_id order by recorded_from) as last_country_code
    from customers
    where
        country_code is not null
        and recorded_from <= {{ known_at() }}
)

select
    customer_id,
    last_country_code,
    country_code,
    recorded_from
from countries
where country_code <> last_country_code
