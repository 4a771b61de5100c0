-- no channel: all of them; no address: any of the channel. An address authorised here is used before the source's, and
-- may be one that the source has no place for
alter table ops.contact_preferences
    alter column channel drop not null,
    alter column address drop not null,
    add check (address is null or channel is not null);
