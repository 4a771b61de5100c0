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
