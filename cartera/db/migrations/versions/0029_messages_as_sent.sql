-- What was made ready to be handed over, word by word, one row per try: written in the statement that marks the contact as
-- handed over, so before any provider may have it. A log of the record like the others: append-only and sealed; the chain
-- holds a salted digest of the words, and not the words.
create table ops.contact_messages (
    message_no bigint generated always as identity primary key,
    contact_id uuid not null references ops.contacts,
    kept_at timestamptz not null default clock_timestamp(),
    -- of the files that the text was made from
    template_hash text,
    -- recipient, subject, text, html, attachments (name, type, digest) or what the channel has instead; {} once erased
    words jsonb not null,
    salt bytea,
    personal_digest bytea not null
);
create index contact_messages_contact on ops.contact_messages (contact_id, message_no);

do $$
begin
    alter table ops.contact_messages alter column words set compression lz4;
exception when feature_not_supported then
    null;  -- a server built without it uses its own
end $$;

create function ops.message_personal(m ops.contact_messages) returns bytea language sql stable
return sha256(m.salt || convert_to(m.words::text, 'UTF8'));

create function ops.message_digest(m ops.contact_messages) returns bytea language sql stable
return sha256(convert_to(jsonb_build_array(
    m.message_no, m.contact_id, ops.micros(m.kept_at), m.template_hash, encode(m.personal_digest, 'hex')
)::text, 'UTF8'));

create function ops.digest_message() returns trigger language plpgsql as $$
begin
    new.kept_at := clock_timestamp();
    new.salt := uuid_send(gen_random_uuid());
    new.personal_digest := ops.message_personal(new);
    return new;
end $$;

-- until now the words were kept of ghost shoppers alone
insert into ops.contact_messages (contact_id, kept_at, words, salt, personal_digest)
select contact_id, rendered_at, jsonb_strip_nulls(jsonb_build_object('subject', subject, 'text', message)),
    uuid_send(gen_random_uuid()), ''
from ops.ghost_messages order by message_no;
update ops.contact_messages as m set personal_digest = ops.message_personal(m);
insert into ops.audit_queue select 'contact_messages', message_no from ops.contact_messages;
drop table ops.ghost_messages;

alter table ops.audit_seals drop constraint audit_seals_log_check, add constraint audit_seals_log_check
check (log in ('contact_events', 'contact_skips', 'contact_messages', 'contact_erasures'));

create or replace function ops.queue_for_seal() returns trigger language plpgsql
security definer set search_path = pg_catalog as $$
begin
    case tg_table_name
        when 'contact_events' then
            insert into ops.audit_queue select 'contact_events', event_id from written;
        when 'contact_skips' then
            insert into ops.audit_queue select 'contact_skips', skip_id from written;
        when 'contact_messages' then
            insert into ops.audit_queue select 'contact_messages', message_no from written;
        when 'contact_erasures' then
            insert into ops.audit_queue select 'contact_erasures', erasure_id from written;
    end case;
    return null;
end $$;

create or replace function ops.refuse_change() returns trigger language plpgsql as $$
declare
    personal text[] := case tg_table_name
        when 'contact_events' then array['detail', 'salt']
        when 'contact_skips' then array['customer_id', 'answers', 'salt']
        when 'contact_messages' then array['words', 'salt']
    end;
    erased jsonb;
begin
    if tg_op = 'UPDATE' and personal is not null then
        erased := to_jsonb(new);
        if erased - personal = to_jsonb(old) - personal and erased ->> 'salt' is null
            and coalesce(erased -> 'detail', '{}') = '{}' and coalesce(erased -> 'answers', '[]') = '[]'
            and coalesce(erased -> 'words', '{}') = '{}'
            and coalesce(erased ->> 'customer_id', 'erased:') like 'erased:%' then
            return new;
        end if;
    end if;
    raise exception 'ops.% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;

create trigger digested before insert on ops.contact_messages for each row execute function ops.digest_message();
create trigger queued after insert on ops.contact_messages
referencing new table as written for each statement execute function ops.queue_for_seal();
create trigger kept before update or delete on ops.contact_messages for each row execute function ops.refuse_change();
create trigger kept_whole before truncate on ops.contact_messages execute function ops.refuse_change();

-- whose words are gone; null in rows that are older than the words
alter table ops.contact_erasures add column message_nos bigint[];

create or replace function ops.erasure_digest(x ops.contact_erasures) returns bytea language sql stable
return sha256(convert_to((
    jsonb_build_array(x.erasure_id, ops.micros(x.erased_at), x.erased_by, x.event_ids, x.skip_ids)
    || case when x.message_nos is null then '[]'::jsonb else jsonb_build_array(x.message_nos) end
)::text, 'UTF8'));

-- as before, of every log alike
create or replace function ops.seal_audit(p_wait boolean default true)
returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    most constant int := 10000;
    log record;
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
    for log in
        select * from (values
            ('contact_events', 'event_id', 'event_digest'), ('contact_skips', 'skip_id', 'skip_digest'),
            ('contact_messages', 'message_no', 'message_digest'), ('contact_erasures', 'erasure_id', 'erasure_digest')
        ) as logs (name, key, digest)
    loop
        loop
            execute format(
                $query$
                with taken as (
                    delete from ops.audit_queue where (log, row_id) in (
                        select log, row_id from ops.audit_queue where log = %1$L order by row_id limit %4$s
                    ) returning row_id
                )
                select array_agg(taken.row_id order by taken.row_id),
                    array_agg(coalesce(ops.%3$I(t), '\x') order by taken.row_id)
                from taken left join ops.%1$I as t on t.%2$I = taken.row_id
                $query$, log.name, log.key, log.digest, most
            ) into ids, digests;
            exit when ids is null;
            perform ops.add_seal(log.name, ids, digests);
            sealed := sealed + cardinality(ids);
            exit when cardinality(ids) < most;
        end loop;
    end loop;
    return sealed;
end $$;

-- Erasing: as before, and the words go; under one name, in the log of views too.
drop function ops.erase_customer(text, text), ops.erase_contacts(text, text), ops.erase_desk(text);

create function ops.erase_contacts(p_customer_id text, p_alias text, p_erased_by text)
returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    ids uuid[];
    events bigint[];
    skips bigint[];
    messages bigint[];
begin
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
        update ops.contact_messages set words = '{}', salt = null
        where contact_id = any(ids) and salt is not null returning message_no
    ) select coalesce(array_agg(message_no order by message_no), '{}') into messages from gone;
    with gone as (
        update ops.contact_skips set customer_id = p_alias, answers = '[]', salt = null
        where customer_id = p_customer_id returning skip_id
    ) select coalesce(array_agg(skip_id order by skip_id), '{}') into skips from gone;
    if ids is null and skips = '{}' then
        return 0;
    end if;
    -- the items were the customer's documents: what is left of each is its amount and its day
    update ops.contact_items as i set item_id = p_alias || ':' || numbered.n, document_number = null
    from (
        select contact_id, item_id, row_number() over (order by contact_id, item_id) as n
        from ops.contact_items where contact_id = any(ids)
    ) as numbered
    where i.contact_id = numbered.contact_id and i.item_id = numbered.item_id;
    update ops.contacts set customer_id = p_alias, recipient = 'erased', cycle = contact_id::text
    where contact_id = any(ids);
    update ops.contact_holds set customer_id = p_alias, reason = 'erased'
    where customer_id = p_customer_id and released_at is not null;
    update ops.contact_holds set reason = 'left in peace' where customer_id = p_customer_id;
    insert into ops.contact_erasures (erased_by, event_ids, skip_ids, message_nos)
    values (p_erased_by, events, skips, messages);
    return cardinality(events) + cardinality(skips) + cardinality(messages);
end $$;

-- a promise or a dispute that is open stays the customer's, without its words: it is what keeps them in peace
create function ops.erase_desk(p_customer_id text, p_alias text)
returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    erased bigint;
begin
    perform 1 from ops.desk_files where customer_id = p_customer_id for update;
    update ops.desk_actions
    set customer_id = p_alias, thing_id = p_alias || ':' || action_no, asked = '', before = null, after = '{}'
    where customer_id = p_customer_id;
    get diagnostics erased = row_count;
    update ops.desk_plans set note = '', customer_id = case when is_cancelled then p_alias else customer_id end
    where customer_id = p_customer_id;
    update ops.desk_promises set note = '', customer_id = case when is_cancelled then p_alias else customer_id end
    where customer_id = p_customer_id;
    update ops.desk_disputes set note = '', resolution = '',
        customer_id = case when resolved_date is not null then p_alias else customer_id end
    where customer_id = p_customer_id;
    update ops.contact_repairs set customer_id = p_alias, address = 'erased' where customer_id = p_customer_id;
    delete from ops.desk_presence where customer_id = p_customer_id;
    return erased;
end $$;

-- The value of a filter with a customer's id in it under another name: alone, in a list, before a /, or, as an earlier
-- Cartera wrote it, before _ and a bucket.
create function ops.renamed(p_value text, p_customer_id text, p_alias text) returns text language sql immutable
return case
    when p_value = p_customer_id then p_alias
    when starts_with(p_value, p_customer_id || '/')
        or p_value ~ '_(not_due|\d+-\d+|\d+\+|None)$' and regexp_replace(p_value, '_(not_due|[^_]+)$', '') = p_customer_id
        then p_alias || substr(p_value, length(p_customer_id) + 1)
    else array_to_string(array_replace(string_to_array(p_value, ','), p_customer_id, p_alias), ',')
end;

-- Who looked when, and took what, is kept: it is what shows that the data was looked after. Whose data it was is not.
create function ops.erase_views(p_customer_id text, p_alias text)
returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    erased bigint;
begin
    update ops.views_logged
    set subject = case
            when kind = 'customer' then p_alias
            -- a statement's file has the customer's id in its name
            else regexp_replace(subject, '^(statement-).*(-\d{4}-\d\d-\d\d\.\w+)$', '\1' || p_alias || '\2')
        end,
        filters = coalesce((
            -- what was searched for when it was found may be its name
            select jsonb_object_agg(name, case when name = 'find' then 'erased'
                else ops.renamed(value, p_customer_id, p_alias) end)
            from jsonb_each_text(filters) as each_filter (name, value)
        ), '{}')
    where kind = 'customer' and subject = p_customer_id
        or kind = 'export' and exists (
            select from jsonb_each_text(filters) as each_filter (name, value)
            where value <> ops.renamed(value, p_customer_id, p_alias)
        );
    get diagnostics erased = row_count;
    return erased;
end $$;

create function ops.only_erased() returns trigger language plpgsql as $$
declare
    personal constant text[] := array['subject', 'filters'];
begin
    if to_jsonb(new) - personal = to_jsonb(old) - personal and new.subject || new.filters::text like '%erased:%' then
        return new;
    end if;
    raise exception '% only grows', tg_table_name using errcode = 'restrict_violation';
end $$;
drop trigger only_grows on ops.views_logged;
create trigger only_grows before delete or truncate on ops.views_logged
for each statement execute function ops.only_grows();
create trigger only_erased before update on ops.views_logged for each row execute function ops.only_erased();

-- Everything personal about a customer, under one name that leads nowhere. How many rows.
create function ops.erase_customer(p_customer_id text, p_erased_by text)
returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    alias constant text := 'erased:' || gen_random_uuid();
    erased bigint;
    drawn bigint;
begin
    if p_customer_id like 'erased:%' then
        return 0;
    end if;
    -- it refuses while a contact is on its way, and then nothing of this has happened
    erased := ops.erase_contacts(p_customer_id, alias, p_erased_by);
    delete from ops.experiment_draws where customer_id = p_customer_id;
    get diagnostics drawn = row_count;
    return erased + drawn + ops.erase_desk(p_customer_id, alias) + ops.erase_views(p_customer_id, alias);
end $$;

revoke execute on function
    ops.erase_customer(text, text), ops.erase_contacts(text, text, text), ops.erase_desk(text, text),
    ops.erase_views(text, text)
from public;
grant execute on function
    ops.erase_customer(text, text), ops.message_personal(ops.contact_messages), ops.message_digest(ops.contact_messages)
to :"campaign";
grant select, insert on ops.contact_messages to :"campaign";
