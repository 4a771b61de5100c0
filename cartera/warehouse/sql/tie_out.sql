-- One row per company and currency: buckets = open items = ledger, and what the source itself says is open.
-- In: the two clocks as parameters as_of, known_at; the marts entries, open_items and aging, or what stands for
-- them at these clocks; controlled, the query of controlled_invoices.sql.
with

ledger as (

    select company_id, currency_code, sum(amount) as ledger_amount
    from {entries} as entries
    where
        effective_date <= %(as_of)s
        and recorded_from <= %(known_at)s
        and recorded_to > %(known_at)s
    group by company_id, currency_code

),

open_items as (

    select
        company_id,
        currency_code,
        sum(case when item_type = 'instalment' then open_amount else 0 end) as open_items_amount,
        sum(case when item_type = 'instalment' then 0 else open_amount end) as unapplied_amount
    from {open_items} as open_items
    group by company_id, currency_code

),

buckets as (

    select company_id, currency_code, sum(open_amount) as buckets_amount
    from {aging} as aging
    group by company_id, currency_code

),

controls as (

    select
        company_id,
        currency_code,
        sum(reported_amount) as source_control_amount,
        sum(held_amount) as controlled_ledger_amount
    from ({controlled}) as controlled
    group by company_id, currency_code

),

keys as (

    select company_id, currency_code from ledger
    union
    select company_id, currency_code from open_items
    union
    select company_id, currency_code from buckets
    union
    select company_id, currency_code from controls

)

select
    keys.company_id,
    keys.currency_code,
    coalesce(buckets.buckets_amount, 0) as buckets_amount,
    coalesce(open_items.open_items_amount, 0) as open_items_amount,
    coalesce(ledger.ledger_amount, 0) as ledger_amount,
    coalesce(open_items.unapplied_amount, 0) as unapplied_amount,
    controls.source_control_amount,
    controls.controlled_ledger_amount
from keys
left join ledger on keys.company_id = ledger.company_id and keys.currency_code = ledger.currency_code
left join open_items on keys.company_id = open_items.company_id and keys.currency_code = open_items.currency_code
left join buckets on keys.company_id = buckets.company_id and keys.currency_code = buckets.currency_code
left join controls on keys.company_id = controls.company_id and keys.currency_code = controls.currency_code
order by keys.company_id, keys.currency_code
