-- What each role may do. Run by the admin login after every migration, in its transaction; repeatable.
-- :"reader" and the like stand for quoted names; :"raw_schemas" and :"raw_tables" for all there are.

-- the admin may act as the transformer, to make and mend what it owns (a superuser may anyway)
grant :"transformer" to current_user;

alter role :"loader" set timezone = 'UTC';
alter role :"transformer" set timezone = 'UTC';
alter role :"reader" set timezone = 'UTC';
alter role :"viewer" set timezone = 'UTC';
alter role :"campaign" set timezone = 'UTC';
alter role :"desk" set timezone = 'UTC';
-- keys of a source begin alike, so sorting them compares whole texts: joining large tables by hash is a quarter faster
alter role :"transformer" set enable_mergejoin = off;
-- a figure that takes longer than this is a mistake, and must not hold a publication back
alter role :"reader" set statement_timeout = '60s';
alter role :"reader" set default_transaction_read_only = on;
alter role :"viewer" set statement_timeout = '60s';
alter role :"viewer" set default_transaction_read_only = on;

-- loader: adds versions; of a version that is there it may only end the life
grant usage on schema :"raw_schemas", quarantine, ops to :"loader";
grant select, insert, update (recorded_to) on :"raw_tables" to :"loader";
grant select, insert, update on all tables in schema quarantine to :"loader";
grant select, insert on ops.loads to :"loader";
grant select, insert, update on ops.cursors to :"loader";
grant select, insert, update on ops.runs, ops.run_steps, ops.check_results to :"loader";

-- transformer: reads what landed, owns what is built and what is served
create schema if not exists staging_a;
create schema if not exists staging_b;
create schema if not exists intermediate_a;
create schema if not exists intermediate_b;
create schema if not exists marts_a;
create schema if not exists marts_b;
create schema if not exists serve;
alter schema staging_a owner to :"transformer";
alter schema staging_b owner to :"transformer";
alter schema intermediate_a owner to :"transformer";
alter schema intermediate_b owner to :"transformer";
alter schema marts_a owner to :"transformer";
alter schema marts_b owner to :"transformer";
alter schema serve owner to :"transformer";
grant usage on schema :"raw_schemas", quarantine, ops to :"transformer";
grant select on :"raw_tables" to :"transformer";
grant select on all tables in schema quarantine to :"transformer";
grant select on ops.loads, ops.cursors to :"transformer";
grant select, insert, update, delete on
    ops.runs, ops.run_steps, ops.check_results, ops.certificates, ops.certificate_lines, ops.slots, ops.publications
to :"transformer";

-- readers: what is served, whoever makes it later, and nothing beneath it
grant usage on schema serve, ops to :"reader", :"campaign", :"desk";
grant select on all tables in schema serve to :"reader", :"campaign", :"desk";
grant execute on all functions in schema serve to :"reader", :"campaign", :"desk";
alter default privileges for role :"transformer" revoke execute on functions from public;
alter default privileges for role :"transformer" in schema serve grant select on tables to :"reader", :"campaign", :"desk";
alter default privileges for role :"transformer" in schema serve grant execute on functions to :"reader", :"campaign", :"desk";
grant select on
    ops.runs, ops.run_steps, ops.check_results, ops.certificates, ops.certificate_lines, ops.publications, ops.loads, ops.cursors
to :"reader", :"campaign";

-- whoever reads of all companies
grant select on ops.all_companies to :"loader", :"transformer", :"reader", :"campaign", :"desk";
-- readers: what became of each reminder; no address, no text, nothing that a rule saw of a person
grant select (
    contact_id, plan_id, channel, is_automatic, policy_name, step_name, offset_days, template, company_id, customer_id,
    language_code, planned_date, contact_date, status, reason_code, attempts, handed_at, send_from, send_until,
    cost_amount, cost_currency_code
) on ops.contacts to :"reader";
grant select (plan_id, policy_name, as_of_date, known_at, publication_id, planned_at, planned_by)
on ops.contact_plans to :"reader";
grant select (event_id, contact_id, happened_at, from_status, to_status, actor, reason_code)
on ops.contact_events to :"reader";
grant select (skip_id, plan_id, as_of_date, policy_name, company_id, customer_id, reason_code)
on ops.contact_skips to :"reader";
grant select on ops.contact_items to :"reader";

-- viewer: a signed-in person of some companies alone. The views of serve say which rows, so they are granted one by one
-- as a publication makes them (cartera/warehouse/scope.py). Of the runs it sees what a banner says, and no text or amount,
-- because those may be of any company
grant usage on schema serve, ops to :"viewer";
grant execute on all functions in schema serve to :"viewer";
alter default privileges for role :"transformer" in schema serve grant execute on functions to :"viewer";
grant select (run_id, as_of_date, known_at, started_at, finished_at, status, triggered_by) on ops.runs to :"viewer";
grant select (run_id, ordinal, step, status, started_at) on ops.run_steps to :"viewer";
grant select (load_id, source, entity, kind, recorded_at) on ops.loads to :"viewer";
grant select (source, recorded_at) on ops.cursors to :"viewer";
grant select on ops.publications, ops.certificates to :"viewer";

revoke create on schema public from public;
