-- The rows that a load brought, by their keys: who looked at them is on record.
alter table ops.views_logged drop constraint views_logged_kind_check;
alter table ops.views_logged add constraint views_logged_kind_check
check (kind in ('export', 'customer', 'quarantine', 'replay', 'load'));

-- What a load left in quarantine, whatever became of it since.
create index records_of_load on quarantine.records (load_id);

-- Of Cartera's own record of contacts what is listed of a load of them: nothing that says with whom or by what.
grant select (contact_id, recorded_from, recorded_to, planned_date, cost_amount, cost_currency_code)
on ops.contacts_landed to :"loader";
create index contacts_landed_recorded_since on ops.contacts_landed using brin (recorded_from)
with (pages_per_range = 32, autosummarize = on);
