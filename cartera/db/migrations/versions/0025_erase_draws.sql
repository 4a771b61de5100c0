-- A draw names a customer: it goes with it, and so do its figures in the experiment's report. The arm is a matter of a
-- hash, so a customer that comes back is drawn for the same one again while the percentages stay.
alter function ops.erase_customer(text, text) rename to erase_contacts;
revoke execute on function ops.erase_contacts(text, text) from :"campaign";

create function ops.erase_customer(p_customer_id text, p_erased_by text)
returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    rows bigint;
    draws bigint;
begin
    -- it refuses while a contact is on its way, and then nothing of this has happened
    rows := ops.erase_contacts(p_customer_id, p_erased_by);
    delete from ops.experiment_draws where customer_id = p_customer_id;
    get diagnostics draws = row_count;
    return rows + draws;
end $$;

revoke execute on function ops.erase_customer(text, text) from public;
grant execute on function ops.erase_customer(text, text) to :"campaign";
