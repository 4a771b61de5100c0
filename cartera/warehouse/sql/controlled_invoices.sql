-- One row per invoice whose source states what is open: invoice_id, company_id, currency_code, customer_id,
-- reported_amount and held_amount, what our ledger makes of what that source says. Both speak of the moment of delivery,
-- so all entries known then count, whatever their date; what another source adds to the invoice, this one does not know.
-- In: the parameter known_at; the marts entries and controls.
with

balances as (

    select invoice_id, source, item_id, min(customer_id) as customer_id, sum(amount) as balance_amount
    from {entries} as entries
    where
        item_type = 'instalment'
        and recorded_from <= %(known_at)s
        and recorded_to > %(known_at)s
    group by invoice_id, source, item_id

),

-- what was applied to an invoice as a whole (no item_id) pays its instalments; what exceeds is credit, not debt
held_by_invoice as (

    select
        invoice_id,
        source,
        min(customer_id) as customer_id,
        greatest(
            sum(case when item_id is null then balance_amount else greatest(balance_amount, 0) end), 0
        ) as held_amount
    from balances
    group by invoice_id, source

)

select
    controls.invoice_id,
    controls.company_id,
    controls.currency_code,
    held_by_invoice.customer_id,
    controls.reported_amount,
    coalesce(held_by_invoice.held_amount, 0) as held_amount
from {controls} as controls
left join held_by_invoice
    on controls.invoice_id = held_by_invoice.invoice_id and controls.source = held_by_invoice.source
where
    controls.recorded_from <= %(known_at)s
    and controls.recorded_to > %(known_at)s
