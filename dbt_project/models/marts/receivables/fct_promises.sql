{{ config(post_hook="{{ analyze(this) }}") }}

with

promises as (
    select * from {{ ref('int_sources__promises_united') }}
),

versions as (
    select
        promise_id,
        customer_id,
        company_id,
        invoice_id,
        item_id,
        currency_code,
        promised_amount,
        made_date,
        promised_date,
        source,
        recorded_from,
        recorded_to
    from promises
    where not is_deleted
)

select * from versions
