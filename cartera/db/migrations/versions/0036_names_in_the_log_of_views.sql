-- In the log of views a customer stands by its id and by the names that it is published under. Only who erases knows the
-- names: the warehouse is not the owner's of these functions.
drop function ops.erase_customer(text, text), ops.erase_views(text, text);

-- The value of a filter with a customer in it under another name: as `renamed`, also behind the = of who was chosen, and
-- wherever its id or a name is a whole value of a list, or of filters in words ("Customer: A, B; Bucket: 1-30 days").
-- What only has the name within is somebody else's.
create function ops.renamed(p_value text, p_customer_id text, p_names text[], p_alias text) returns text
language plpgsql immutable set search_path = pg_catalog as $$
declare
    word text;
    left_over text := case
        when starts_with(p_value, '=') then '=' || ops.renamed(substr(p_value, 2), p_customer_id, p_alias)
        else ops.renamed(p_value, p_customer_id, p_alias)
    end;
begin
    for word in
        select regexp_replace(each, '([][\\^$.|?*+(){}])', '\\\1', 'g')
        from unnest(p_names || p_customer_id) as words (each)
        where each <> '' order by length(each) desc
    loop
        left_over := regexp_replace(left_over, '(^=?|,|[,;:·] )' || word || '(?=$|[,;/]| ·)', '\1' || p_alias, 'g');
    end loop;
    return left_over;
end $$;

-- The filters of a line of the log with a customer in them under another name; null where it is not in them.
create function ops.filters_renamed(p_filters jsonb, p_customer_id text, p_names text[], p_alias text) returns jsonb
language sql immutable set search_path = pg_catalog as $$
    select jsonb_object_agg(
        name,
        -- what was searched for when it was found may be a part of its name
        case when name = 'find' then 'erased' else renamed end
    )
    from jsonb_each_text(p_filters) as each_filter (name, value)
    cross join lateral (
        -- a company may be called as one of its customers is
        select ops.renamed(
            value, p_customer_id,
            case when name in ('company', 'currency', 'lang', 'as_of', 'known_at') then '{}' else p_names end, p_alias
        ) as renamed
    ) as of_filter
    having bool_or(
        renamed <> value
        or name = 'find' and lower(value) in (select lower(each) from unnest(p_names) as words (each))
    )
$$;

-- Who looked when, and took what, is kept: it is what shows that the data was looked after. Whose data it was is not.
create function ops.erase_views(p_customer_id text, p_names text[], p_alias text)
returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    erased bigint;
begin
    update ops.views_logged as logged
    set subject = case
            when kind = 'customer' then p_alias
            -- a file is called after what it is of, in words: its kind is left, whose it was, and its date
            else case
                when filters ?| array['report', 'mart', 'columns'] then 'cartera-report'
                else coalesce(substring(subject from '^(statement|cartera-[a-z]+)-'), 'file')
            end || '-' || p_alias || coalesce(substring(subject from '-\d{4}-\d\d-\d\d'), '')
                || coalesce(substring(subject from '\.\w+$'), '')
        end,
        filters = coalesce(found.filters_left, logged.filters)
    from (
        select view_id, ops.filters_renamed(filters, p_customer_id, p_names, p_alias) as filters_left
        from ops.views_logged
        where kind = 'export' or kind = 'customer' and subject = p_customer_id
    ) as found
    where found.view_id = logged.view_id and (logged.kind = 'customer' or found.filters_left is not null);
    get diagnostics erased = row_count;
    return erased;
end $$;

-- Everything personal about a customer, under one name that leads nowhere. How many rows. `p_names`: those that it is
-- published under.
create function ops.erase_customer(p_customer_id text, p_erased_by text, p_names text[] default '{}')
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
    return erased + drawn + ops.erase_desk(p_customer_id, alias) + ops.erase_views(p_customer_id, p_names, alias);
end $$;

revoke execute on function ops.erase_customer(text, text, text[]), ops.erase_views(text, text[], text) from public;
grant execute on function ops.erase_customer(text, text, text[]) to :"campaign";
