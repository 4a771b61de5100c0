with

incoming_payments as (
    select * from {{ source('sapb1', 'incoming_payments') }}
),

lines as (
    select * from {{ ref('base_sapb1__payment_lines') }}
    where payment_type = '24'
),

applied as (
    select
        source,
        record_key,
        recorded_from,
        currency_code,
        sum(case side when 'debit' then line_amount when 'credit' then -line_amount else 0 end) as applied_amount,
        sum(local_amount) as local_amount
    from lines
    group by source, record_key, recorded_from, currency_code
),

applied_in_all as (
    select
        source,
        record_key,
        recorded_from,
        sum(local_amount) as local_amount
    from applied
    group by source, record_key, recorded_from
),

-- what is not applied is on account, in the currency of the payment
own_parts as (
    select
        incoming_payments.source,
        incoming_payments.record_key,
        incoming_payments.cartera_company_id,
        incoming_payments."CardCode",
        incoming_payments."DocNum",
        incoming_payments."TransferReference",
        incoming_payments."CounterReference",
        incoming_payments."Cancelled",
        incoming_payments."DocDate",
        incoming_payments."DocRate",
        incoming_payments.currency,
        incoming_payments.company_currency,
        incoming_payments.is_deleted,
        incoming_payments.recorded_from,
        incoming_payments.recorded_to,
        '24:' || incoming_payments.record_key as part_key,
        incoming_payments.currency as part_currency_code,
        coalesce(applied.applied_amount, 0)
        + case
            when incoming_payments.currency = incoming_payments.company_currency
                then incoming_payments."MeansSum" - coalesce(applied_in_all.local_amount, 0)
            else round(
                (incoming_payments."MeansSum" - coalesce(applied_in_all.local_amount, 0))
                / nullif(incoming_payments."DocRate", 0),
                2
            )
        end as part_amount
    from incoming_payments
    left join applied_in_all
        on
            incoming_payments.source = applied_in_all.source
            and incoming_payments.record_key = applied_in_all.record_key
            and incoming_payments.recorded_from = applied_in_all.recorded_from
    left join applied
        on
            incoming_payments.source = applied.source
            and incoming_payments.record_key = applied.record_key
            and incoming_payments.recorded_from = applied.recorded_from
            and incoming_payments.currency = applied.currency_code
),

-- debts in other currencies that it paid
other_parts as (
    select
        incoming_payments.source,
        incoming_payments.record_key,
        incoming_payments.cartera_company_id,
        incoming_payments."CardCode",
        incoming_payments."DocNum",
        incoming_payments."TransferReference",
        incoming_payments."CounterReference",
        incoming_payments."Cancelled",
        incoming_payments."DocDate",
        incoming_payments."DocRate",
        incoming_payments.currency,
        incoming_payments.company_currency,
        incoming_payments.is_deleted,
        incoming_payments.recorded_from,
        incoming_payments.recorded_to,
        '24:' || incoming_payments.record_key || ':' || applied.currency_code as part_key,
        applied.currency_code as part_currency_code,
        applied.applied_amount as part_amount
    from incoming_payments
    inner join applied
        on
            incoming_payments.source = applied.source
            and incoming_payments.record_key = applied.record_key
            and incoming_payments.recorded_from = applied.recorded_from
            and incoming_payments.currency <> applied.currency_code
    where applied.applied_amount > 0
),

unioned as (
    select * from own_parts
    union all
    select * from other_parts
)

select * from unioned
