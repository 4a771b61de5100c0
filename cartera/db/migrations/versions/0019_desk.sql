-- What people record about customers at the desk. Every change is one row of the journal, which is append-only; promises,
-- plans, disputes and holds stand in tables of their own as they are now, each with the number of its version.

-- one row per customer: whoever records something holds it until the commit, so that changes follow one another
create table ops.desk_files (
    customer_id text primary key,
    actions bigint not null check (actions > 0),
    -- changes of promises, plans, disputes and holds: what a form was drawn with
    version bigint not null default 0
);

create table ops.desk_actions (
    action_no bigint generated always as identity primary key,
    -- made when the form opens: the same one twice is one action
    action_id uuid not null unique,
    kind text not null,
    customer_id text not null,
    company_id text,
    thing text not null check (thing in ('call', 'promise', 'plan', 'dispute', 'note', 'hold', 'repair')),
    thing_id text not null,
    version int not null check (version > 0),
    acted_by text not null,
    acted_as text not null,
    acted_at timestamptz not null,
    -- a digest of what was asked for: an id that comes again with something else is refused
    asked text not null,
    before jsonb,
    after jsonb not null,
    unique (thing, thing_id, version),
    check ((before is null) = (version = 1) or after = '{}')
);
create index desk_actions_customer on ops.desk_actions (customer_id, action_no);

-- append-only, for the owner too; but what is personal may go
create function ops.keep_desk_actions() returns trigger language plpgsql as $$
declare
    personal constant text[] := array['customer_id', 'thing_id', 'asked', 'before', 'after'];
begin
    if tg_op = 'UPDATE' and new.customer_id like 'erased:%' and new.after = '{}' and new.before is null
        and new.asked = '' and to_jsonb(new) - personal = to_jsonb(old) - personal then
        return new;
    end if;
    raise exception 'ops.desk_actions is append-only' using errcode = 'insufficient_privilege';
end $$;
create trigger kept before update or delete on ops.desk_actions for each row execute function ops.keep_desk_actions();
create trigger kept_whole before truncate on ops.desk_actions execute function ops.keep_desk_actions();

-- an agreed series of promises, kept or broken as a whole
create table ops.desk_plans (
    plan_id uuid primary key,
    version int not null default 1 check (version > 0),
    customer_id text not null,
    company_id text not null,
    currency_code text not null check (currency_code ~ '^[A-Z]{3}$'),
    made_date date not null,
    -- none: all that the customer owes the company in this currency
    item_ids text[] not null default '{}',
    note text not null default '',
    is_cancelled boolean not null default false
);

create table ops.desk_promises (
    promise_id uuid primary key,
    -- a part of a plan changes with its plan, and has its version
    plan_id uuid references ops.desk_plans,
    version int not null default 1 check (version > 0),
    customer_id text not null,
    company_id text not null,
    currency_code text not null check (currency_code ~ '^[A-Z]{3}$'),
    promised_amount numeric(24, 6) not null check (promised_amount > 0),
    made_date date not null,
    promised_date date not null check (promised_date >= made_date),
    item_ids text[] not null default '{}',
    -- the invoices of these items, and the part of the amount that is of each, the oldest first
    invoice_ids text[] not null default '{}',
    invoice_amounts numeric(24, 6)[] not null default '{}',
    note text not null default '',
    is_cancelled boolean not null default false,
    check (cardinality(invoice_ids) = cardinality(invoice_amounts))
);
create index desk_promises_customer on ops.desk_promises (customer_id);
create index desk_promises_plan on ops.desk_promises (plan_id);

create table ops.desk_disputes (
    dispute_id uuid primary key,
    version int not null default 1 check (version > 0),
    customer_id text not null,
    company_id text not null,
    currency_code text not null check (currency_code ~ '^[A-Z]{3}$'),
    -- none: all that the customer owes the company in this currency
    item_ids text[] not null default '{}',
    invoice_ids text[] not null default '{}',
    -- null: the whole of them
    disputed_amount numeric(24, 6) check (disputed_amount > 0),
    reason text not null,
    note text not null default '',
    opened_date date not null,
    resolved_date date check (resolved_date >= opened_date),
    resolution text not null default '',
    check (resolved_date is not null or resolution = '')
);
create index desk_disputes_customer on ops.desk_disputes (customer_id);

-- append-only: an address that a person found out; of each channel the last one counts, before that of the source
create table ops.contact_repairs (
    repair_no bigint generated always as identity primary key,
    customer_id text not null,
    channel text not null check (channel in ('email', 'sms', 'whatsapp', 'voice', 'letter', 'call', 'push')),
    address text not null,
    repaired_at timestamptz not null,
    repaired_by text not null
);
create index contact_repairs_customer on ops.contact_repairs (customer_id, repair_no);

-- who has a customer's page open, by their last beat
create table ops.desk_presence (
    customer_id text not null,
    person text not null,
    seen_at timestamptz not null,
    primary key (customer_id, person)
);
create index desk_presence_seen on ops.desk_presence (seen_at);

-- holds have a kind, and a customer one open hold of each; what was held before is of kind other, in its own words
alter table ops.contact_holds
    add column kind text not null default 'other' check (
        kind in ('dispute', 'attorney', 'insolvency', 'breathing_space', 'deceased', 'vulnerable', 'other')
    ),
    add column version int not null default 1 check (version > 0);
drop index ops.contact_holds_open;
create unique index contact_holds_open on ops.contact_holds (customer_id, kind) where released_at is null;

-- what came of a call: `result` is the answer class
alter table ops.call_tasks
    add column is_right_party boolean,
    add column duration_seconds int check (duration_seconds >= 0);
-- a call that no policy asked for is a contact of no plan
alter table ops.contacts alter column plan_id drop not null, add check (plan_id is not null or not is_automatic);

-- The role `desk` writes what people record. It may tell of calls that were made; it may not plan, approve or send.
create function ops.keep_desk_to_calls() returns trigger language plpgsql as $$
begin
    if current_user::regrole = ':"desk"'::regrole and (
        new.channel <> 'call' or new.status not in ('sent', 'delivered', 'answered', 'bounced')
        or tg_op = 'INSERT' and new.is_automatic
    ) then
        raise exception 'the desk records calls that were made, nothing else' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger desk_calls before insert or update on ops.contacts for each row execute function ops.keep_desk_to_calls();

grant select on ops.desk_files, ops.desk_actions, ops.desk_plans, ops.desk_promises, ops.desk_disputes, ops.contact_repairs
to :"desk", :"campaign", :"reader";
grant select on ops.contact_holds to :"reader";
grant insert on ops.desk_actions, ops.contact_repairs to :"desk";
grant insert, update on ops.desk_files, ops.desk_plans, ops.desk_promises, ops.desk_disputes to :"desk";
grant select, insert, update, delete on ops.desk_presence to :"desk";
grant select, insert, update on ops.contact_holds, ops.call_tasks to :"desk";
grant select, insert on ops.contacts, ops.contact_events, ops.bad_addresses to :"desk";
grant update (status, reason_code, reserved_by, lease_until, retry_at, attempts, contact_date, handed_at)
on ops.contacts to :"desk";
grant select on ops.bad_addresses_now, ops.contact_preferences, ops.ghost_shoppers, ops.ghost_items to :"desk";
grant execute on function ops.seal_audit(boolean) to :"desk";
-- what the warehouse is told of
grant select on ops.desk_promises, ops.desk_disputes to :"loader";

-- Everything personal that was recorded about a customer goes; a promise or a dispute that is open stays the customer's,
-- without its words: it is what keeps them in peace. How many actions.
create function ops.erase_desk(p_customer_id text)
returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    alias text := 'erased:' || gen_random_uuid();
    erased bigint;
begin
    if p_customer_id like 'erased:%' then
        return 0;
    end if;
    perform 1 from ops.desk_files where customer_id = p_customer_id for update;
    update ops.desk_actions
    set customer_id = alias, thing_id = alias || ':' || action_no, asked = '', before = null, after = '{}'
    where customer_id = p_customer_id;
    get diagnostics erased = row_count;
    update ops.desk_plans set note = '', customer_id = case when is_cancelled then alias else customer_id end
    where customer_id = p_customer_id;
    update ops.desk_promises set note = '', customer_id = case when is_cancelled then alias else customer_id end
    where customer_id = p_customer_id;
    update ops.desk_disputes set note = '', resolution = '',
        customer_id = case when resolved_date is not null then alias else customer_id end
    where customer_id = p_customer_id;
    update ops.contact_repairs set customer_id = alias, address = 'erased' where customer_id = p_customer_id;
    delete from ops.desk_presence where customer_id = p_customer_id;
    return erased;
end $$;
revoke execute on function ops.erase_desk(text) from public;
grant execute on function ops.erase_desk(text) to :"campaign";
