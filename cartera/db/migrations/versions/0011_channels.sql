-- what a provider calls a message: its reports come back by that name
create index contact_events_provider_id on ops.contact_events ((detail ->> 'provider_id'))
where detail ? 'provider_id';

-- append-only: everything that came back about contacts, also what changed nothing. The same report twice is one row;
-- one that fits no contact is kept aside with the reason
create table ops.contact_reports (
    report_id bigint generated always as identity primary key,
    provider text not null,
    report_key text not null,
    channel text,
    contact_id uuid references ops.contacts,
    kind text not null check (kind in ('sent', 'delivered', 'bounced', 'answered', 'opted_out')),
    received_at timestamptz not null default now(),
    was text not null check (was in ('applied', 'known', 'aside')),
    reason text,
    detail jsonb not null default '{}',
    unique (provider, report_key)
);
create index contact_reports_contact on ops.contact_reports (contact_id, report_id);
create index contact_reports_aside on ops.contact_reports (report_id) where was = 'aside';

-- append-only: addresses that do not work, until the source has another one or a person says that it works again
create table ops.bad_addresses (
    address_id bigint generated always as identity primary key,
    customer_id text not null,
    channel text not null check (channel in ('email', 'sms', 'whatsapp', 'voice', 'letter', 'call', 'push')),
    address text not null,
    is_bad boolean not null,
    reason text not null,
    contact_id uuid references ops.contacts,
    noted_at timestamptz not null default now(),
    noted_by text not null
);
create index bad_addresses_customer on ops.bad_addresses (customer_id, channel, address, address_id);

-- append-only: what a debtor wants, by channel and address. The last word counts
create table ops.contact_preferences (
    preference_id bigint generated always as identity primary key,
    customer_id text not null,
    channel text not null check (channel in ('email', 'sms', 'whatsapp', 'voice', 'letter', 'call', 'push')),
    address text not null,
    kind text not null check (kind in ('opt_out', 'authorised')),
    at timestamptz not null default now(),
    by text not null,
    evidence jsonb not null default '{}'
);
create index contact_preferences_customer on ops.contact_preferences (customer_id, preference_id);

-- a call for a person: one per contact
create table ops.call_tasks (
    contact_id uuid primary key references ops.contacts,
    phone text not null,
    language_code text not null,
    summary text not null,
    script text not null,
    assigned_to text,
    made_at timestamptz not null default now(),
    done_at timestamptz,
    done_by text,
    result text
);
create index call_tasks_open on ops.call_tasks (made_at) where done_at is null;

grant select, insert on ops.contact_reports, ops.bad_addresses, ops.contact_preferences to :"campaign";
grant select, insert, update on ops.call_tasks to :"campaign";
