-- append-only: a customer is drawn once for an experiment, whatever becomes of the percentages
create table ops.experiment_draws (
    experiment text not null,
    customer_id text not null,
    arm text not null check (arm in ('champion', 'challenger', 'hold_out')),
    -- as they were when it was drawn
    policy_name text not null,
    challenger_name text,
    challenger_pct numeric(5, 2) not null,
    holdout_pct numeric(5, 2) not null,
    drawn_on date not null,
    drawn_at timestamptz not null default now(),
    -- what was open on that day under the policy: {company_id: {currency_code: amount}}
    owed jsonb not null,
    primary key (experiment, customer_id)
);

-- debtors that do not exist, enrolled to live through a policy. Nothing of them is ever in the warehouse
create table ops.ghost_shoppers (
    customer_id text primary key check (starts_with(customer_id, 'ghost-shopper:')),
    policy_name text not null,
    company_id text not null,
    name text not null,
    email text not null,
    phone text,
    language_code text not null,
    country_code text not null,
    enrolled_on date not null,
    added_at timestamptz not null default now(),
    added_by text not null,
    removed_at timestamptz,
    removed_by text
);

create table ops.ghost_items (
    item_id text primary key,
    customer_id text not null references ops.ghost_shoppers,
    document_number text not null,
    issue_date date not null,
    due_date date not null,
    currency_code text not null,
    item_amount numeric(24, 6) not null check (item_amount > 0)
);
create index ghost_items_customer on ops.ghost_items (customer_id);

-- append-only: what was handed over to the channel for a ghost, word by word, each time
create table ops.ghost_messages (
    message_no bigint generated always as identity primary key,
    contact_id uuid not null references ops.contacts,
    subject text,
    message text not null,
    rendered_at timestamptz not null default clock_timestamp()
);
create index ghost_messages_contact on ops.ghost_messages (contact_id, message_no);

grant select, insert on ops.experiment_draws, ops.ghost_items, ops.ghost_messages to :"campaign";
grant select, insert, update on ops.ghost_shoppers to :"campaign";
