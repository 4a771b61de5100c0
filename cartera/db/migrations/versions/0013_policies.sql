-- law 6: at most one automatic contact per customer, step, cycle and channel; the next channel of a step is asked
-- for only when the one before failed or had no answer
drop index ops.contacts_once;
create unique index contacts_once on ops.contacts (customer_id, policy_name, step_name, cycle, channel)
where is_automatic and status not in ('skipped', 'failed');
