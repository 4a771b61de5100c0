-- One row per company and currency: buckets = open items = ledger, and what the source itself says is open.
-- %(as_of)s, %(known_at)s: the two clocks of the build. {marts}: the schema that was built.
with

ledger as (

    select company_id, currency_code, sum(amount) as ledger_amount
    from {marts}.fct_ledger_entries
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
    from {marts}.fct_open_items
    group by company_id, currency_code

),

buckets as (

    select company_id, currency_code, sum(open_amount) as buckets_amount
    from {marts}.fct_aging
    group by company_id, currency_code

),

-- The source's own control total, where its invoice list states what is open. It speaks of the moment
-- of delivery, so it is held against all entries known then, whatever their date.
reported as (

    select
        source || ':' || invoice_id as invoice_id,
        company_id,
        currency_code,
        case
            when coalesce(status, 'open') in ('void', 'deleted', 'draft') then 0 else open_amount
        end as reported_amount
    from raw_files.invoices
    where
        recorded_from <= %(known_at)s
        and recorded_to > %(known_at)s
        and not is_deleted
        and open_amount is not null
        and coalesce(document_type, 'invoice') = 'invoice'

),

balances as (

    select invoice_id, item_id, sum(amount) as balance_amount
    from {marts}.fct_ledger_entries
    where
        item_type = 'instalment'
        and recorded_from <= %(known_at)s
        and recorded_to > %(known_at)s
    group by invoice_id, item_id

),

-- what was applied to an invoice as a whole (no item_id) pays its instalments; what exceeds is credit, not debt
held_by_invoice as (

    select
        invoice_id,
        greatest(
            sum(case when item_id is null then balance_amount else greatest(balance_amount, 0) end), 0
        ) as held_amount
    from balances
    group by invoice_id

),

controls as (

    select
        reported.company_id,
        reported.currency_code,
        sum(reported.reported_amount) as source_control_amount,
        sum(coalesce(held_by_invoice.held_amount, 0)) as controlled_ledger_amount
    from reported
    left join held_by_invoice on reported.invoice_id = held_by_invoice.invoice_id
    group by reported.company_id, reported.currency_code

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
