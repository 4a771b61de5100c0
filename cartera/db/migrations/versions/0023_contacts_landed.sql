-- Contacts reach the warehouse in versions, as records of other systems do: one for each landing that found something
-- recorded since the last. A contact is noted in the transaction that records something of it; a landing takes the notes
-- that it sees. So a transaction that commits late is late, never missed, and nothing is ever known before it landed.
create table ops.contacts_to_land (contact_id uuid not null);

-- What was known of a contact, without anything personal: not to whom, not where to, not what was said. Whose contact
-- it was stands in ops.contacts alone, and leaves the warehouse with it when the customer is erased.
create table ops.contacts_landed (
    contact_id uuid not null references ops.contacts,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    company_id text not null,
    policy_name text not null,
    step_name text not null,
    channel text not null,
    is_automatic boolean not null,
    -- of most of its items; null: it named none
    currency_code text,
    planned_date date not null,
    -- the day on which it went out, as the sender saw the calendar; null: it did not
    sent_date date,
    status text not null,
    -- what came of it in the last event that says so: of a call the class of its answer
    outcome text,
    planned_at timestamptz,
    sent_at timestamptz,
    delivered_at timestamptz,
    answered_at timestamptz,
    cost_amount numeric(24, 6),
    cost_currency_code text,
    primary key (contact_id, recorded_from),
    check (recorded_from < recorded_to)
);

-- ghost shoppers are debtors that do not exist: nothing of them lands
create function ops.note_contacts() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into ops.contacts_to_land
    select distinct contact_id from written join ops.contacts using (contact_id)
    where not starts_with(customer_id, 'ghost-shopper:');
    return null;
end $$;
create trigger noted after insert on ops.contact_events
referencing new table as written for each statement execute function ops.note_contacts();

-- a customer was erased: the warehouse must forget whose contacts these were
create function ops.note_erased_contact() returns trigger language plpgsql
security definer set search_path = pg_catalog as $$
begin
    insert into ops.contacts_to_land select new.contact_id
    where exists (select 1 from ops.contacts_landed where contact_id = new.contact_id);
    return null;
end $$;
create trigger noted after update of customer_id on ops.contacts
for each row when (new.customer_id is distinct from old.customer_id) execute function ops.note_erased_contact();

-- Land what was noted, as recorded at this moment: how many contacts are new, and of how many something is.
-- The caller holds the landing lock, so that the order of the moments is the order of the commits.
create function ops.land_contacts(p_recorded_at timestamptz, out rows_new bigint, out rows_changed bigint)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    ids uuid[];
begin
    with taken as (delete from ops.contacts_to_land returning contact_id)
    select array_agg(distinct contact_id) into ids from taken;
    update ops.contacts_landed as l set recorded_to = p_recorded_at
    from unnest(ids) as id where l.contact_id = id and l.recorded_to = '9999-12-31 00:00:00+00';
    get diagnostics rows_changed = row_count;
    insert into ops.contacts_landed (
        contact_id, recorded_from, company_id, policy_name, step_name, channel, is_automatic, currency_code,
        planned_date, sent_date, status, outcome, planned_at, sent_at, delivered_at, answered_at,
        cost_amount, cost_currency_code
    )
    select
        c.contact_id, p_recorded_at, c.company_id, c.policy_name, c.step_name, c.channel, c.is_automatic,
        (
            select i.currency_code from ops.contact_items as i where i.contact_id = c.contact_id
            group by i.currency_code order by count(*) desc, i.currency_code limit 1
        ),
        c.planned_date,
        case when c.status in ('sent', 'unknown', 'delivered', 'bounced', 'answered')
            then coalesce(c.contact_date, c.planned_date) end,
        c.status, e.outcome, e.planned_at, e.sent_at, e.delivered_at, e.answered_at,
        c.cost_amount, c.cost_currency_code
    from unnest(ids) as id
    join ops.contacts as c on c.contact_id = id
    cross join lateral (
        select
            min(happened_at) filter (where to_status = 'planned') as planned_at,
            min(happened_at) filter (where to_status in ('sent', 'unknown')) as sent_at,
            min(happened_at) filter (where to_status = 'delivered') as delivered_at,
            min(happened_at) filter (where to_status = 'answered') as answered_at,
            (array_agg(reason_code order by event_id desc) filter (where reason_code is not null))[1] as outcome
        from ops.contact_events where contact_id = c.contact_id
    ) as e;
    get diagnostics rows_new = row_count;
    rows_new := rows_new - rows_changed;
end $$;
revoke execute on function ops.note_contacts(), ops.note_erased_contact(), ops.land_contacts(timestamptz) from public;
grant execute on function ops.land_contacts(timestamptz) to :"loader";

-- what the transformer may see of them
create view ops.contacts_known as
select l.*, c.customer_id from ops.contacts_landed as l join ops.contacts as c using (contact_id);
grant select on ops.contacts_known to :"transformer";

-- what was recorded before this migration: known to the warehouse from its next run on
insert into ops.contacts_to_land
select contact_id from ops.contacts where not starts_with(customer_id, 'ghost-shopper:') and not exists (
    select 1 from ops.ghost_messages as g where g.contact_id = ops.contacts.contact_id
);
