-- Who may sign in, as what, and for which companies (null: all). Nothing is changed in place: the newest version of a
-- person holds, and the others say who let them in, or out, and when.
create table ops.user_versions (
    version_id bigint generated always as identity primary key,
    email text not null check (email = lower(email) and email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    role text not null check (role in ('finance', 'collector', 'manager', 'analyst', 'administrator')),
    companies text[] check (cardinality(companies) > 0),
    is_removed boolean not null default false,
    changed_at timestamptz not null default now(),
    changed_by text not null
);
create index on ops.user_versions (email, version_id desc);

create view ops.users as
select email, role, companies, changed_at, changed_by
from (select distinct on (email) * from ops.user_versions order by email, version_id desc) as newest
where not is_removed;

-- Every file that somebody took out of the dashboard, and every look at one person's data.
create table ops.views_logged (
    view_id bigint generated always as identity primary key,
    viewed_at timestamptz not null,
    viewed_by text not null,
    role text not null,
    kind text not null check (kind in ('export', 'customer')),
    subject text not null,
    filters jsonb not null,
    row_count bigint check (row_count >= 0)
);
create index on ops.views_logged (viewed_at);

create function ops.only_grows() returns trigger language plpgsql as $$
begin
    raise exception '% only grows', tg_table_name using errcode = 'restrict_violation';
end $$;

create trigger only_grows before update or delete or truncate on ops.user_versions
for each statement execute function ops.only_grows();
create trigger only_grows before update or delete or truncate on ops.views_logged
for each statement execute function ops.only_grows();

-- The companies that the transaction may read of. Null where none was said, which equals no company.
create function ops.companies_in_scope() returns text[] language sql stable parallel safe
set search_path = pg_catalog as $$
    select nullif(current_setting('cartera.companies', true), '')::text[]
$$;

grant select on ops.users to :"reader", :"campaign";
grant select, insert on ops.views_logged to :"campaign";
grant execute on function ops.companies_in_scope() to :"transformer", :"reader", :"viewer", :"campaign";

-- Whether the transaction may read of a customer: its companies have it, or are owed by it. By name, because what is
-- served is made anew at each publication; with the rights of who asks, so that the views answer for their companies.
create function ops.customer_in_scope(p_customer_id text) returns boolean language plpgsql stable as $$
begin
    return to_regclass('serve.dim_customers') is not null and (
        exists (select from serve.dim_customers as customer where customer.customer_id = p_customer_id)
        or exists (select from serve.fct_open_items as item where item.customer_id = p_customer_id)
    );
end $$;

-- Gives the viewer a table of ops that has a company or a customer, of its companies alone. The other roles keep what
-- they were granted: the first policy is for them, the second takes away.
create function ops.let_viewers_read(p_table regclass) returns void language plpgsql as $$
declare
    has_company constant boolean := exists (
        select from pg_attribute where attrelid = p_table and attname = 'company_id' and not attisdropped
    );
    has_customer constant boolean := exists (
        select from pg_attribute where attrelid = p_table and attname = 'customer_id' and not attisdropped
    );
    of_company constant text := 'company_id = any((select ops.companies_in_scope())::text[])';
    of_customer constant text := 'ops.customer_in_scope(customer_id)';
    condition text;
begin
    if not has_company and not has_customer then
        raise exception '% says not whose its rows are', p_table;
    end if;
    condition := case
        when has_company and has_customer then of_company || ' or company_id is null and ' || of_customer
        when has_company then of_company
        else of_customer
    end;
    execute format('alter table %s enable row level security', p_table);
    execute format('create policy all_rows on %s using (true) with check (true)', p_table);
    execute format(
        'create policy of_companies on %s as restrictive for select to %s using (%s)', p_table, ':"viewer"', condition
    );
    execute format('grant select on %s to %s', p_table, ':"viewer"');
end $$;
revoke execute on function ops.let_viewers_read(regclass) from public;
grant execute on function ops.customer_in_scope(text) to :"viewer";

select ops.let_viewers_read(name::regclass) from unnest(array[
    'ops.desk_files', 'ops.desk_actions', 'ops.desk_plans', 'ops.desk_promises', 'ops.desk_disputes',
    'ops.contact_repairs', 'ops.contact_holds', 'ops.certificate_lines'
]) as name;
