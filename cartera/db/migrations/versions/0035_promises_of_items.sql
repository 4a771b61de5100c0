-- Of an invoice one instalment may be promised or disputed, and a chargeback may name no invoice (invoice_ids has null for it).
-- One for each of invoice_ids: the item of it that is meant alone; null: all of the invoice, as what was recorded before says.
alter table ops.desk_promises
    add column invoice_item_ids text[] not null default '{}',
    add constraint desk_promises_invoice_items check (cardinality(invoice_item_ids) in (0, cardinality(invoice_ids)));
alter table ops.desk_disputes
    add column invoice_item_ids text[] not null default '{}',
    add constraint desk_disputes_invoice_items check (cardinality(invoice_item_ids) in (0, cardinality(invoice_ids)));

-- What named chargebacks without an invoice alone said so nowhere else: the promise would be of all that is owed there, the
-- dispute of nothing. What was promised of them is one amount: it stands with the first.
update ops.desk_promises
set invoice_ids = array_fill(null::text, array[cardinality(item_ids)]),
    invoice_amounts = array_prepend(promised_amount, array_fill(0::numeric(24, 6), array[cardinality(item_ids) - 1])),
    invoice_item_ids = item_ids
where invoice_ids = '{}' and item_ids <> '{}' and not starts_with(customer_id, 'ghost-shopper:');
update ops.desk_disputes
set invoice_ids = array_fill(null::text, array[cardinality(item_ids)]), invoice_item_ids = item_ids
where invoice_ids = '{}' and item_ids <> '{}' and not starts_with(customer_id, 'ghost-shopper:');
