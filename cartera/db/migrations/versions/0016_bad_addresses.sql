-- the last word on each address counts: a hard bounce, a refusal when it was sent, or a person who says that it works
create view ops.bad_addresses_now as
with said as (
    select customer_id, channel, address, is_bad, reason, noted_at
    from ops.bad_addresses
    union all
    select c.customer_id, c.channel, c.recipient, true, 'refused when it was sent', (
        select max(happened_at) from ops.contact_events as e
        where e.contact_id = c.contact_id and e.to_status = 'failed'
    )
    from ops.contacts as c
    where c.status = 'failed' and c.reason_code = 'bad_address'
),

last_word as (
    select distinct on (customer_id, channel, address) customer_id, channel, address, is_bad, reason, noted_at
    from said
    order by customer_id, channel, address, noted_at desc nulls last
)

select customer_id, channel, address, reason, noted_at
from last_word
where is_bad;

create index contacts_bad_address on ops.contacts (customer_id) where status = 'failed' and reason_code = 'bad_address';

grant select on ops.bad_addresses_now to :"campaign", :"reader";

-- when a customer is erased, so is what came back of its contacts. That it wants no more is kept, without its words:
-- it must be left in peace
create function ops.erase_what_came_back() returns trigger language plpgsql
security definer set search_path = pg_catalog as $$
begin
    update ops.contact_reports set detail = '{}'
    where contact_id = new.contact_id or contact_id is null and detail ->> 'address' = old.recipient;
    update ops.call_tasks set phone = '', summary = 'erased', script = 'erased', result = null
    where contact_id = new.contact_id;
    update ops.bad_addresses set customer_id = new.customer_id, address = 'erased', reason = 'erased'
    where customer_id = old.customer_id;
    update ops.contact_preferences set evidence = '{}' where customer_id = old.customer_id;
    return null;
end $$;

create trigger erased after update of customer_id on ops.contacts
for each row when (new.customer_id like 'erased:%' and old.customer_id not like 'erased:%')
execute function ops.erase_what_came_back();
revoke execute on function ops.erase_what_came_back() from public;
