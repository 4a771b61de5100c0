-- What came of a call stands in one word in the event that tells of it (`answer_class`, of cartera.desk). That is nobody's
-- words: it is noted when the event is written, so that figures stay when the customer's words are erased.
alter table ops.contacts_to_land
    -- null: a customer was erased, nothing happened
    add column event_id bigint,
    add column answer_class text;

drop view ops.contacts_known;
-- a sender that holds a contact must not make a landing wait, and contacts are never deleted
alter table ops.contacts_landed drop constraint contacts_landed_contact_id_fkey;
alter table ops.contacts_landed rename column outcome to reason_code;
alter table ops.contacts_landed add column answer_class text;

create or replace function ops.note_contacts() returns trigger language plpgsql
security definer set search_path = pg_catalog as $$
begin
    insert into ops.contacts_to_land
    select contact_id, event_id, substring(detail ->> 'answer_class' from '^[a-z_]{1,40}$')
    from written join ops.contacts using (contact_id)
    where not starts_with(customer_id, 'ghost-shopper:');
    return null;
end $$;

-- Land what was noted, as recorded at this moment: how many contacts are new, and of how many something is.
-- The caller holds the landing lock, so that the order of the moments is the order of the commits.
create or replace function
ops.land_contacts(p_recorded_at timestamptz, out rows_new bigint, out rows_changed bigint)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    ids uuid[];
    classes text[];
begin
    with taken as (
        delete from ops.contacts_to_land returning contact_id, event_id, answer_class
    ), last_said as (
        select contact_id, (array_agg(answer_class order by event_id desc) filter (where answer_class is not null))[1]
            as answer_class
        from taken group by contact_id
    )
    select array_agg(contact_id), array_agg(answer_class) into ids, classes from last_said;
    update ops.contacts_landed as l set recorded_to = p_recorded_at
    from unnest(ids) as id where l.contact_id = id and l.recorded_to = '9999-12-31 00:00:00+00';
    get diagnostics rows_changed = row_count;
    insert into ops.contacts_landed (
        contact_id, recorded_from, company_id, policy_name, step_name, channel, is_automatic, currency_code,
        planned_date, sent_date, status, reason_code, answer_class, planned_at, sent_at, delivered_at, answered_at,
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
        c.status, c.reason_code, coalesce(noted.answer_class, before.answer_class), e.planned_at, e.sent_at,
        e.delivered_at, e.answered_at, c.cost_amount, c.cost_currency_code
    from unnest(ids, classes) as noted (contact_id, answer_class)
    join ops.contacts as c on c.contact_id = noted.contact_id
    left join ops.contacts_landed as before on before.contact_id = c.contact_id and before.recorded_to = p_recorded_at
    cross join lateral (
        select
            min(happened_at) filter (where to_status = 'planned') as planned_at,
            min(happened_at) filter (where to_status in ('sent', 'unknown')) as sent_at,
            min(happened_at) filter (where to_status = 'delivered') as delivered_at,
            min(happened_at) filter (where to_status = 'answered') as answered_at
        from ops.contact_events where contact_id = c.contact_id
    ) as e;
    get diagnostics rows_new = row_count;
    rows_new := rows_new - rows_changed;
end $$;

create view ops.contacts_known as
select l.*, c.customer_id from ops.contacts_landed as l join ops.contacts as c using (contact_id);
grant select on ops.contacts_known to :"transformer";

-- calls that were recorded before: their class is known to the warehouse from its next run on
insert into ops.contacts_to_land
select contact_id, event_id, substring(detail ->> 'answer_class' from '^[a-z_]{1,40}$')
from ops.contact_events join ops.contacts using (contact_id)
where detail ? 'answer_class' and not starts_with(customer_id, 'ghost-shopper:');
