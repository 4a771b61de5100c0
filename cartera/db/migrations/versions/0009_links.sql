-- what a system's own books state as receivable; control_amount null: it could not be compared
create table raw_files.controls (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    control_id text not null,
    company_id text not null,
    currency_code text not null,
    control_amount numeric(24,6),
    tolerance_amount numeric(24,6) not null,
    primary key (source, record_key, recorded_from)
);

-- companies.yaml, payments_from: one row per company and source whose payments count
create table raw_files.payment_books (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    book_id text not null,
    company_id text not null,
    counted_source text not null,
    primary key (source, record_key, recorded_from)
);

-- sources/links.yaml: the rules in their order, and the pairs of customers that a person decided
create table raw_files.link_rules (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    link_rule_id text not null,
    kind text not null,
    position bigint,
    rule text,
    customer_id text,
    master_customer_id text,
    primary key (source, record_key, recorded_from)
);
