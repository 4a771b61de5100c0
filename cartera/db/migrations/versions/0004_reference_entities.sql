create table raw_files.companies (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    company_id text not null,
    name text,
    currency_code text,
    calendar_id text,
    due_date_rule text,
    primary key (source, record_key, recorded_from)
);

create table raw_files.closed_days (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    closed_day_id text not null,
    calendar_id text not null,
    closed_date date not null,
    name text,
    next_business_date date not null,
    previous_business_date date not null,
    primary key (source, record_key, recorded_from)
);

create table raw_files.fx_rates (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    fx_rate_id text not null,
    company_id text,
    currency_code text not null,
    company_currency_code text not null,
    rate_date date not null,
    rate numeric(24,12) not null,
    primary key (source, record_key, recorded_from)
);
