-- law 6: at most one automatic contact per customer, step, cycle and channel; the next channel of a step is asked
-- for only when the one before failed or had no answer
drop index ops.contacts_once;
create unique index contacts_once on ops.contacts (customer_id, policy_name, step_name, cycle, channel)
where is_automatic and status not in ('skipped', 'failed');

-- append-only: what a customer said about a channel (null: all) or one address on it (null: any). The last word counts.
-- An address authorised here is used before the warehouse's, and may be one that the warehouse has no place for
create table ops.contact_consents (
    consent_id bigint generated always as identity primary key,
    customer_id text not null,
    channel text check (channel in ('email', 'sms', 'whatsapp', 'voice', 'letter', 'call', 'push')),
    address text,
    is_authorised boolean not null,
    reason text not null,
    said_at timestamptz not null default now(),
    recorded_by text not null,
    check (address is null or channel is not null)
);
create index contact_consents_customer on ops.contact_consents (customer_id, consent_id);

grant select, insert on ops.contact_consents to :"campaign";
