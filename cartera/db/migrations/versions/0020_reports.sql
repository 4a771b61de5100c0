-- `version` grows with every change: who saves names the version he saw, and an older one is refused
create table ops.reports (
    report_id uuid primary key,
    owner text not null,
    name text not null check (char_length(name) between 1 and 100),
    is_shared boolean not null default false,
    document jsonb not null,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    deleted_at timestamptz
);
create unique index reports_of_one_name on ops.reports (owner, name) where deleted_at is null;

create table ops.report_schedules (
    schedule_id uuid primary key,
    owner text not null,
    -- a report's id, or the name of a ready-made one
    report text not null,
    recipient text not null,
    language_code text not null check (language_code in ('en', 'es', 'pt')),
    format text not null check (format in ('xlsx', 'xlsx-raw', 'csv', 'pdf')),
    -- own filters, besides those of the report
    filters jsonb not null default '[]',
    -- either days of the week, 1 Monday to 7 Sunday; or a day of the month, 31 for its last
    weekdays smallint[] check (cardinality(weekdays) > 0 and weekdays <@ array[1, 2, 3, 4, 5, 6, 7]::smallint[]),
    month_day smallint check (month_day between 1 and 28 or month_day = 31),
    hour smallint not null check (hour between 0 and 23),
    timezone text not null,
    skips_empty boolean not null default true,
    -- nothing is due before this
    active_from timestamptz not null,
    version integer not null default 1,
    ended_at timestamptz,
    check ((weekdays is null) <> (month_day is null))
);

-- one row per schedule and day that it was due, written before anything is made: what has a row is never begun again
create table ops.report_deliveries (
    schedule_id uuid not null references ops.report_schedules,
    due_on date not null,
    due_at timestamptz not null,
    message_id text not null unique,
    -- claimed: nothing was handed over. handed: the server may have it. unknown: nobody can tell
    status text not null
    check (status in ('claimed', 'handed', 'sent', 'skipped', 'failed', 'unknown')),
    attempts integer not null default 0,
    -- of what was made: rows, and totals by part, currency and measure
    row_count bigint,
    totals jsonb,
    as_of_date date,
    known_at timestamptz,
    answer text,
    changed_at timestamptz not null default now(),
    primary key (schedule_id, due_on)
);

-- an address of the dashboard under a name
create table ops.saved_views (
    owner text not null,
    name text not null check (char_length(name) between 1 and 60),
    page text not null,
    query text not null check (char_length(query) <= 4000),
    saved_at timestamptz not null default now(),
    primary key (owner, name)
);

-- a segment of customers that policies name: scheme, segment and what else was chosen, as conditions of an audience
create table ops.saved_segments (
    name text primary key check (name ~ '^[a-z][a-z0-9_]{0,59}$'),
    audience jsonb not null,
    saved_by text not null,
    version integer not null default 1,
    saved_at timestamptz not null default now()
);

grant select, insert, update on ops.reports, ops.report_schedules, ops.report_deliveries to :"campaign";
grant select, insert, update, delete on ops.saved_views, ops.saved_segments to :"campaign";
