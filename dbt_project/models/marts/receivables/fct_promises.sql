with

promises as (
    select * from {{ ref('int_sources__promises_united') }}
),

versions as (
    select
        promise_id,
        customer_id,
        invoice_id,
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
