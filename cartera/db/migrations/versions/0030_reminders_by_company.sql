-- Reminders as who sees some companies may read them: of these alone, with the columns that readers have. For who reads all
-- companies the condition is gone before a statement is planned (0028 says how). They are views and not policies on the
-- tables: a plan is stored with COPY, which a table with policies refuses.
create view ops.contacts_in_scope as
select
    contact_id, plan_id, channel, is_automatic, policy_name, step_name, offset_days, template, company_id, customer_id,
    language_code, planned_date, contact_date, status, reason_code, attempts, handed_at, send_from, send_until,
    cost_amount, cost_currency_code
from ops.contacts
where ops.reads_all() or company_id = any((select ops.companies_in_scope())::text[]);

create view ops.contact_items_in_scope as
select
    contact_id, item_id, document_number, due_date, offset_days, currency_code, planned_amount, stated_amount,
    left_out_reason
from ops.contact_items as i
where ops.reads_all() or exists (select from ops.contacts_in_scope as c where c.contact_id = i.contact_id);

create view ops.contact_events_in_scope as
select event_id, contact_id, happened_at, from_status, to_status, actor, reason_code
from ops.contact_events as e
where ops.reads_all() or exists (select from ops.contacts_in_scope as c where c.contact_id = e.contact_id);

create view ops.contact_skips_in_scope as
select skip_id, plan_id, as_of_date, policy_name, company_id, customer_id, reason_code
from ops.contact_skips
where ops.reads_all() or company_id = any((select ops.companies_in_scope())::text[]);

grant select on ops.contacts_in_scope, ops.contact_items_in_scope, ops.contact_events_in_scope, ops.contact_skips_in_scope
to :"reader", :"viewer", :"campaign";
-- a plan spans companies; of it that it was made, not what its policy says
grant select (plan_id, policy_name, as_of_date, planned_at, planned_by) on ops.contact_plans to :"viewer";

-- A promise that was withdrawn, a plan that was cancelled, a dispute that was closed are of the company that they were of:
-- the journal did not say so, and who sees other companies alone was told.
alter table ops.desk_actions disable trigger kept;
update ops.desk_actions set company_id = after ->> 'company_id' where company_id is null and after ? 'company_id';
alter table ops.desk_actions enable trigger kept;
