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

create function ops.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% only grows', tg_table_name using errcode = 'restrict_violation';
end $$;

create trigger only_grows before update or delete or truncate on ops.user_versions
for each statement execute function ops.refuse_change();
create trigger only_grows before update or delete or truncate on ops.views_logged
for each statement execute function ops.refuse_change();

-- The companies that the transaction may read of. Null where none was said, which equals no company.
create function ops.companies_in_scope() returns text[] language sql stable parallel safe
set search_path = pg_catalog as $$
    select nullif(current_setting('cartera.companies', true), '')::text[]
$$;

grant select on ops.users to :"reader", :"campaign";
grant select, insert on ops.views_logged to :"campaign";
grant execute on function ops.companies_in_scope() to :"transformer", :"reader", :"viewer", :"campaign";
