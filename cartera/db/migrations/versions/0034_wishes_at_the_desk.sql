-- What a customer says on the phone about how they may be reached is recorded at the desk too: by who records things there.
alter table ops.desk_actions drop constraint desk_actions_thing_check;
alter table ops.desk_actions
    add constraint desk_actions_thing_check
    check (thing in ('call', 'promise', 'plan', 'dispute', 'note', 'hold', 'repair', 'wish')),
    add constraint desk_actions_wish_by_whom
    check (thing <> 'wish' or acted_as in ('collector', 'manager', 'administrator'));

grant insert (customer_id, channel, address, kind, at, by, evidence) on ops.contact_preferences to :"desk";

-- The desk adds to what was said only what its journal has, of the same customer and by the same person; asked at the commit,
-- since the journal is written last.
create function ops.keep_desk_to_its_journal() returns trigger language plpgsql as $$
begin
    if current_user::regrole = ':"desk"'::regrole and not exists (
        select from ops.desk_actions
        where action_id::text = new.evidence ->> 'action_id' and thing = 'wish' and customer_id = new.customer_id
            and acted_by = new."by"
    ) then
        raise exception 'the desk records what its journal has, nothing else' using errcode = 'insufficient_privilege';
    end if;
    return null;
end $$;
create constraint trigger desk_wishes after insert on ops.contact_preferences
deferrable initially deferred for each row execute function ops.keep_desk_to_its_journal();

-- Erasing: what was said goes, also of who was never written to; that it was said stays, as it keeps them in peace.
create or replace function ops.erase_desk(p_customer_id text, p_alias text)
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
    update ops.contact_preferences set evidence = '{}' where customer_id = p_customer_id;
    delete from ops.desk_presence where customer_id = p_customer_id;
    return erased;
end $$;
