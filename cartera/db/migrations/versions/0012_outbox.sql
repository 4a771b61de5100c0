-- the first moment at which a channel may have been given this contact's key: committed before the hand-over begins;
-- null while surely nobody has it
alter table ops.contacts add column handed_at timestamptz;
create index contacts_unsettled on ops.contacts (contact_id) where status in ('reserved', 'unknown');

-- The record: contact_events, contact_skips and contact_erasures are append-only, and sealed. A row is digested when it
-- is written, with what is personal in it under a salt of its own; after the commit, `ops.seal_audit` takes the digests
-- of all rows that wait and writes them down with the hash of the seal before. So writers never wait for each other,
-- and a row changed, deleted, inserted or swapped behind our back no longer agrees with its seal.
create table ops.contact_erasures (
    erasure_id bigint generated always as identity primary key,
    erased_at timestamptz not null default clock_timestamp(),
    erased_by text not null,
    -- whose personal fields are gone: of ops.contact_events and of ops.contact_skips
    event_ids bigint[] not null,
    skip_ids bigint[] not null
);

create table ops.audit_seals (
    log text not null check (log in ('contact_events', 'contact_skips', 'contact_erasures')),
    position bigint not null,
    sealed_at timestamptz not null,
    row_ids bigint[] not null,
    digests bytea[] not null,
    previous bytea not null,
    hash bytea not null,
    primary key (log, position)
);

-- rows that wait for their seal
create table ops.audit_queue (
    log text not null,
    row_id bigint not null,
    primary key (log, row_id)
);

alter table ops.contact_events add column salt bytea, add column personal_digest bytea;
alter table ops.contact_skips add column salt bytea, add column personal_digest bytea;

create function ops.micros(moment timestamptz) returns bigint language sql immutable
return (extract(epoch from moment) * 1000000)::bigint;

create function ops.event_personal(e ops.contact_events) returns bytea language sql stable
return sha256(e.salt || convert_to(e.detail::text, 'UTF8'));

create function ops.skip_personal(s ops.contact_skips) returns bytea language sql stable
return sha256(s.salt || convert_to(jsonb_build_array(s.customer_id, s.answers)::text, 'UTF8'));

create function ops.event_digest(e ops.contact_events) returns bytea language sql stable
return sha256(convert_to(jsonb_build_array(
    e.event_id, e.contact_id, ops.micros(e.happened_at), e.from_status, e.to_status, e.actor, e.reason_code,
    encode(e.personal_digest, 'hex')
)::text, 'UTF8'));

create function ops.skip_digest(s ops.contact_skips) returns bytea language sql stable
return sha256(convert_to(jsonb_build_array(
    s.skip_id, s.plan_id, s.as_of_date, s.policy_name, s.company_id, s.reason_code, encode(s.personal_digest, 'hex')
)::text, 'UTF8'));

create function ops.erasure_digest(x ops.contact_erasures) returns bytea language sql stable
return sha256(convert_to(jsonb_build_array(
    x.erasure_id, ops.micros(x.erased_at), x.erased_by, x.event_ids, x.skip_ids
)::text, 'UTF8'));

create function ops.seal_hash(s ops.audit_seals) returns bytea language sql stable
return sha256(s.previous || convert_to(
    jsonb_build_array(s.log, s.position, ops.micros(s.sealed_at), s.row_ids, s.digests)::text, 'UTF8'
));

-- written: the moment is the server's, the salt nobody's
create function ops.digest_event() returns trigger language plpgsql as $$
begin
    new.happened_at := clock_timestamp();
    new.salt := uuid_send(gen_random_uuid());
    new.personal_digest := ops.event_personal(new);
    return new;
end $$;

create function ops.digest_skip() returns trigger language plpgsql as $$
begin
    new.salt := uuid_send(gen_random_uuid());
    new.personal_digest := ops.skip_personal(new);
    return new;
end $$;

create function ops.queue_for_seal() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    case tg_table_name
        when 'contact_events' then
            insert into ops.audit_queue select 'contact_events', event_id from written;
        when 'contact_skips' then
            insert into ops.audit_queue select 'contact_skips', skip_id from written;
        when 'contact_erasures' then
            insert into ops.audit_queue select 'contact_erasures', erasure_id from written;
    end case;
    return null;
end $$;

-- what was written before this migration
update ops.contact_events set salt = uuid_send(gen_random_uuid());
update ops.contact_events as e set personal_digest = ops.event_personal(e);
update ops.contact_skips set salt = uuid_send(gen_random_uuid());
update ops.contact_skips as s set personal_digest = ops.skip_personal(s);
insert into ops.audit_queue select 'contact_events', event_id from ops.contact_events;
insert into ops.audit_queue select 'contact_skips', skip_id from ops.contact_skips;
alter table ops.contact_events alter column personal_digest set not null;
alter table ops.contact_skips alter column personal_digest set not null;

create trigger digested before insert on ops.contact_events for each row execute function ops.digest_event();
create trigger digested before insert on ops.contact_skips for each row execute function ops.digest_skip();
create trigger queued after insert on ops.contact_events
referencing new table as written for each statement execute function ops.queue_for_seal();
create trigger queued after insert on ops.contact_skips
referencing new table as written for each statement execute function ops.queue_for_seal();
create trigger queued after insert on ops.contact_erasures
referencing new table as written for each statement execute function ops.queue_for_seal();

-- append-only, for the owner of the tables too. One change is let through: that the personal fields go, with their salt
create function ops.refuse_change() returns trigger language plpgsql as $$
declare
    personal text[] := case tg_table_name
        when 'contact_events' then array['detail', 'salt']
        when 'contact_skips' then array['customer_id', 'answers', 'salt']
    end;
    erased jsonb;
begin
    if tg_op = 'UPDATE' and personal is not null then
        erased := to_jsonb(new);
        if erased - personal = to_jsonb(old) - personal and erased ->> 'salt' is null
            and coalesce(erased -> 'detail', '{}') = '{}' and coalesce(erased -> 'answers', '[]') = '[]'
            and coalesce(erased ->> 'customer_id', 'erased:') like 'erased:%' then
            return new;
        end if;
    end if;
    raise exception 'ops.% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;

create trigger kept before update or delete on ops.contact_events for each row execute function ops.refuse_change();
create trigger kept before update or delete on ops.contact_skips for each row execute function ops.refuse_change();
create trigger kept before update or delete on ops.contact_erasures for each row execute function ops.refuse_change();
create trigger kept before update or delete on ops.audit_seals for each row execute function ops.refuse_change();
create trigger kept_whole before truncate on ops.contact_events execute function ops.refuse_change();
create trigger kept_whole before truncate on ops.contact_skips execute function ops.refuse_change();
create trigger kept_whole before truncate on ops.contact_erasures execute function ops.refuse_change();
create trigger kept_whole before truncate on ops.audit_seals execute function ops.refuse_change();

-- the one place where the chain grows
create function ops.add_seal(p_log text, p_ids bigint[], p_digests bytea[])
returns void language plpgsql as $$
declare
    seal ops.audit_seals;
begin
    select position, hash into seal.position, seal.hash from ops.audit_seals
    where log = p_log order by position desc limit 1;
    seal.log := p_log;
    seal.position := coalesce(seal.position, 0) + 1;
    seal.previous := coalesce(seal.hash, '\x'::bytea);
    seal.sealed_at := clock_timestamp();
    seal.row_ids := p_ids;
    seal.digests := p_digests;
    seal.hash := ops.seal_hash(seal);
    insert into ops.audit_seals select seal.*;
end $$;

-- Seals what is committed and waits; how many rows. One sealer at a time: without p_wait it leaves the work to the one
-- that is at it. A row that is gone before its seal is sealed as gone: an empty digest, which no row has.
create function ops.seal_audit(p_wait boolean default true)
returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    ids bigint[];
    digests bytea[];
    sealed bigint := 0;
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        -- an older snapshot would not see the last seal
        raise exception 'seal in a transaction of its own, read committed';
    end if;
    if p_wait then
        perform pg_advisory_xact_lock(hashtext('cartera.audit'));
    elsif not pg_try_advisory_xact_lock(hashtext('cartera.audit')) then
        return 0;
    end if;
    loop
        with taken as (
            delete from ops.audit_queue where (log, row_id) in (
                select log, row_id from ops.audit_queue where log = 'contact_events' order by row_id limit 10000
            ) returning row_id
        )
        select array_agg(taken.row_id order by taken.row_id),
            array_agg(coalesce(ops.event_digest(e), '\x') order by taken.row_id)
        into ids, digests
        from taken left join ops.contact_events as e on e.event_id = taken.row_id;
        exit when ids is null;
        perform ops.add_seal('contact_events', ids, digests);
        sealed := sealed + cardinality(ids);
    end loop;
    loop
        with taken as (
            delete from ops.audit_queue where (log, row_id) in (
                select log, row_id from ops.audit_queue where log = 'contact_skips' order by row_id limit 10000
            ) returning row_id
        )
        select array_agg(taken.row_id order by taken.row_id),
            array_agg(coalesce(ops.skip_digest(s), '\x') order by taken.row_id)
        into ids, digests
        from taken left join ops.contact_skips as s on s.skip_id = taken.row_id;
        exit when ids is null;
        perform ops.add_seal('contact_skips', ids, digests);
        sealed := sealed + cardinality(ids);
    end loop;
    loop
        with taken as (
            delete from ops.audit_queue where log = 'contact_erasures' returning row_id
        )
        select array_agg(taken.row_id order by taken.row_id),
            array_agg(coalesce(ops.erasure_digest(x), '\x') order by taken.row_id)
        into ids, digests
        from taken left join ops.contact_erasures as x on x.erasure_id = taken.row_id;
        exit when ids is null;
        perform ops.add_seal('contact_erasures', ids, digests);
        sealed := sealed + cardinality(ids);
    end loop;
    return sealed;
end $$;

-- Everything personal about a customer leaves the record; that there was a contact, when and why, stays, under a name
-- that leads nowhere. An open hold stays the customer's: it is what keeps them in peace. How many rows.
create function ops.erase_customer(p_customer_id text, p_erased_by text)
returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    alias text := 'erased:' || gen_random_uuid();
    ids uuid[];
    events bigint[];
    skips bigint[];
begin
    if p_customer_id like 'erased:%' then
        return 0;
    end if;
    -- a contact is planned while its planner holds this, and none is begun while we do
    perform pg_advisory_xact_lock(hashtext('cartera.reminders.plan'));
    select array_agg(contact_id) into ids
    from (select contact_id from ops.contacts where customer_id = p_customer_id order by contact_id for update) as c;
    if exists (
        select 1 from ops.contacts
        where contact_id = any(ids) and status in ('planned', 'approved', 'reserved', 'unknown')
    ) then
        raise exception 'a contact is on its way' using errcode = 'restrict_violation';
    end if;
    with gone as (
        update ops.contact_events set detail = '{}', salt = null
        where contact_id = any(ids) and salt is not null returning event_id
    ) select coalesce(array_agg(event_id order by event_id), '{}') into events from gone;
    with gone as (
        update ops.contact_skips set customer_id = alias, answers = '[]', salt = null
        where customer_id = p_customer_id returning skip_id
    ) select coalesce(array_agg(skip_id order by skip_id), '{}') into skips from gone;
    if ids is null and skips = '{}' then
        return 0;
    end if;
    -- the items were the customer's documents: what is left of each is its amount and its day
    update ops.contact_items as i set item_id = alias || ':' || numbered.n, document_number = null
    from (
        select contact_id, item_id, row_number() over (order by contact_id, item_id) as n
        from ops.contact_items where contact_id = any(ids)
    ) as numbered
    where i.contact_id = numbered.contact_id and i.item_id = numbered.item_id;
    update ops.contacts set customer_id = alias, recipient = 'erased', cycle = contact_id::text
    where contact_id = any(ids);
    update ops.contact_holds set customer_id = alias, reason = 'erased'
    where customer_id = p_customer_id and released_at is not null;
    update ops.contact_holds set reason = 'left in peace' where customer_id = p_customer_id;
    insert into ops.contact_erasures (erased_by, event_ids, skip_ids) values (p_erased_by, events, skips);
    return cardinality(events) + cardinality(skips);
end $$;

revoke execute on function ops.seal_audit(boolean), ops.erase_customer(text, text), ops.add_seal(text, bigint[], bytea[])
from public;
grant execute on function
    ops.seal_audit(boolean), ops.erase_customer(text, text), ops.micros(timestamptz), ops.seal_hash(ops.audit_seals),
    ops.event_personal(ops.contact_events), ops.event_digest(ops.contact_events),
    ops.skip_personal(ops.contact_skips), ops.skip_digest(ops.contact_skips),
    ops.erasure_digest(ops.contact_erasures)
to :"campaign";
grant select on ops.contact_erasures, ops.audit_seals, ops.audit_queue to :"campaign";
