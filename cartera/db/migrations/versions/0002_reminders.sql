-- one row per `cartera reminders plan`, with the policy as it read then: what is approved is what goes out
create table ops.contact_plans (
    plan_id bigint generated always as identity primary key,
    policy_name text not null,
    policy jsonb not null,
    as_of_date date not null,
    known_at timestamptz not null,
    publication_id bigint not null,
    planned_at timestamptz not null default now(),
    planned_by text not null
);

-- one row per message to one customer; its history is in contact_events
create table ops.contacts (
    contact_id uuid primary key,
    plan_id bigint not null references ops.contact_plans,
    channel text not null default 'email'
        check (channel in ('email', 'sms', 'whatsapp', 'voice', 'letter', 'call', 'push')),
    is_automatic boolean not null default true,
    policy_name text not null,
    step_name text not null,
    offset_days int not null,
    template text not null,
    cycle text not null,
    company_id text not null,
    customer_id text not null,
    recipient text not null,
    language_code text not null,
    planned_date date not null,
    -- the day on which it goes or went out; null until then
    contact_date date,
    status text not null check (status in (
        'planned', 'approved', 'reserved', 'sent', 'unknown', 'failed', 'skipped',
        'delivered', 'bounced', 'answered'
    )),
    reason_code text,
    message_id text not null unique,
    attempts int not null default 0,
    -- a sender holds the advisory lock of this number for as long as it lives
    reserved_by bigint,
    lease_until timestamptz,
    retry_at timestamptz,
    check ((status = 'reserved') = (reserved_by is not null)),
    check ((status = 'reserved') = (lease_until is not null)),
    check (status not in ('sent', 'delivered', 'bounced', 'answered') or contact_date is not null)
);

-- law 6: at most one automatic contact per customer, step and cycle. What was never sent does not count:
-- a contact skipped because it was promised must not silence the step for ever
create unique index contacts_once on ops.contacts (customer_id, policy_name, step_name, cycle)
where is_automatic and status not in ('skipped', 'failed');
-- one message per customer and day
create unique index contacts_daily on ops.contacts (customer_id, planned_date)
where is_automatic and status not in ('skipped', 'failed');
-- and at most one on its way
create unique index contacts_pending on ops.contacts (customer_id)
where is_automatic and status in ('planned', 'approved', 'reserved');
create index contacts_queue on ops.contacts (planned_date, contact_id) where status = 'approved';
create index contacts_status on ops.contacts (status, planned_date);
create index contacts_plan on ops.contacts (plan_id);
create index contacts_customer on ops.contacts (customer_id, planned_date);

-- the items of a message, each at the step it had reached itself
create table ops.contact_items (
    contact_id uuid not null references ops.contacts,
    item_id text not null,
    document_number text,
    due_date date not null,
    offset_days int not null,
    currency_code text not null,
    planned_amount numeric(24, 6) not null,
    -- what the message says, fixed at the moment of sending; null before, and when the item is left out
    stated_amount numeric(24, 6),
    left_out_reason text,
    primary key (contact_id, item_id)
);

-- append-only: every change of a contact's state, with what was seen
create table ops.contact_events (
    event_id bigint generated always as identity primary key,
    contact_id uuid not null references ops.contacts,
    happened_at timestamptz not null default clock_timestamp(),
    from_status text,
    to_status text not null,
    actor text not null,
    reason_code text,
    detail jsonb not null default '{}'
);
create index contact_events_contact on ops.contact_events (contact_id, event_id);

-- append-only: every customer that had something due and was not written to, once per day and reason
create table ops.contact_skips (
    skip_id bigint generated always as identity primary key,
    plan_id bigint not null references ops.contact_plans,
    as_of_date date not null,
    policy_name text not null,
    company_id text not null,
    customer_id text not null,
    reason_code text not null,
    answers jsonb not null,
    unique (as_of_date, policy_name, company_id, customer_id, reason_code)
);
create index contact_skips_customer on ops.contact_skips (customer_id, as_of_date);

-- customers that asked to be left in peace, or must be
create table ops.contact_holds (
    hold_id bigint generated always as identity primary key,
    customer_id text not null,
    reason text not null,
    held_at timestamptz not null default now(),
    held_by text not null,
    held_until date,
    released_at timestamptz,
    released_by text
);
create unique index contact_holds_open on ops.contact_holds (customer_id) where released_at is null;

grant select, insert on ops.contact_plans, ops.contact_events, ops.contact_skips to :"campaign";
grant select, insert, update on ops.contacts, ops.contact_items, ops.contact_holds to :"campaign";
