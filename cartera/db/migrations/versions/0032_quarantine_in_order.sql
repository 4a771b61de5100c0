-- In the order in which a group's rows are listed, so that the newest of half a million are read alone; with what the
-- groups are counted by, so that counting does not read the rows with their bytes.
drop index quarantine.records_open;
create index records_open on quarantine.records (source, entity, reason_code, load_id desc, quarantine_id)
include (currency_code, amount, quarantined_at) where status = 'open';
