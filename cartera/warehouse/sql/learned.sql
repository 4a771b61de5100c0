-- What was learned between two moments about one date: one row per ledger entry that is known at one of them only.
-- In: the parameters as_of, before and after. Reads serve.
--
-- An entry is withdrawn when the record behind it was corrected, deleted or said again; said again without a change,
-- the same entry appears anew. Such pairs of equal content cancel and are left out.
with

entries as (

    select
        *,
        case when recorded_from <= %(before)s then 'withdrawn' else 'appeared' end as change
    from serve.fct_ledger_entries
    where
        effective_date <= %(as_of)s
        and (
            (recorded_from <= %(before)s and recorded_to > %(before)s and recorded_to <= %(after)s)
            or (recorded_from > %(before)s and recorded_from <= %(after)s and recorded_to > %(after)s)
        )

),

numbered as (

    select
        *,
        row_number() over (
            partition by
                change, entry_type, item_id, item_type, company_id, customer_id, invoice_id, settlement_id,
                currency_code, amount, effective_date
            order by recorded_from, ledger_entry_id
        ) as ordinal,
        least(
            count(*) filter (where change = 'withdrawn') over content,
            count(*) filter (where change = 'appeared') over content
        ) as pairs
    from entries
    window content as (
        partition by
            entry_type, item_id, item_type, company_id, customer_id, invoice_id, settlement_id,
            currency_code, amount, effective_date
    )

),

learned as (

    select * from numbered where ordinal > pairs

),

-- names and numbers as last known by the later moment
customers as (

    select distinct on (customer_id) customer_id, name
    from serve.dim_customers
    where recorded_from <= %(after)s and customer_id in (select customer_id from learned)
    order by customer_id, recorded_from desc

),

items as (

    select distinct on (item_id) item_id, document_number
    from serve.dim_items
    where recorded_from <= %(after)s and item_id in (select item_id from learned)
    order by item_id, recorded_from desc

),

-- what was applied to an invoice as a whole has no item
invoices as (

    select distinct on (invoice_id) invoice_id, document_number
    from serve.dim_items
    where
        item_type = 'instalment'
        and recorded_from <= %(after)s
        and invoice_id in (select invoice_id from learned where item_id is null)
    order by invoice_id, recorded_from desc

)

select
    learned.change,
    case when learned.change = 'withdrawn' then learned.recorded_to else learned.recorded_from end as recorded_at,
    learned.company_id,
    learned.currency_code,
    learned.customer_id,
    customers.name as customer_name,
    learned.entry_type,
    learned.item_id,
    learned.item_type,
    learned.invoice_id,
    coalesce(items.document_number, invoices.document_number, learned.invoice_id) as document_number,
    learned.effective_date,
    learned.amount,
    case when learned.change = 'withdrawn' then -learned.amount else learned.amount end as difference_amount,
    learned.source
from learned
left join customers on learned.customer_id = customers.customer_id
left join items on learned.item_id = items.item_id
left join invoices on learned.item_id is null and learned.invoice_id = invoices.invoice_id
order by recorded_at, company_id, currency_code, document_number, item_id, entry_type, change desc, ledger_entry_id
