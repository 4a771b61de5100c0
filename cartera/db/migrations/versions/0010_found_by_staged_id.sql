-- Staging names a record source || ':' || its own id. A run that follows a few changes asks for the versions of a few
-- documents by that name: with these indexes it reads those, without them each table whole.
create index on raw_files.invoices ((source || ':' || invoice_id));
create index on raw_files.instalments ((source || ':' || instalment_id));
create index on raw_files.instalments ((source || ':' || invoice_id));
create index on raw_files.credit_notes ((source || ':' || credit_note_id));
create index on raw_files.payments ((source || ':' || payment_id));
create index on raw_files.allocations ((source || ':' || allocation_id));
create index on raw_files.allocations ((source || ':' || payment_id));
create index on raw_files.allocations ((source || ':' || credit_note_id));
create index on raw_files.allocations ((source || ':' || invoice_id));
create index on raw_files.allocations ((source || ':' || instalment_id));
create index on raw_files.write_offs ((source || ':' || write_off_id));
create index on raw_files.write_offs ((source || ':' || invoice_id));
create index on raw_files.refunds ((source || ':' || refund_id));
create index on raw_files.refunds ((source || ':' || payment_id));
create index on raw_files.refunds ((source || ':' || credit_note_id));
create index on raw_files.chargebacks ((source || ':' || chargeback_id));
create index on raw_files.chargebacks ((source || ':' || invoice_id));
-- an index on an expression is used only when the planner knows what is in it
analyze raw_files.invoices, raw_files.instalments, raw_files.credit_notes, raw_files.payments, raw_files.allocations,
    raw_files.write_offs, raw_files.refunds, raw_files.chargebacks;
