-- Rows that could not be read hold what their source says of people: who looked at them is on record, and who let them in.
alter table ops.views_logged drop constraint views_logged_kind_check;
alter table ops.views_logged add constraint views_logged_kind_check
check (kind in ('export', 'customer', 'quarantine', 'replay'));
