-- companies.yaml, invoices_from: one row per company and source, the one whose invoice is kept first
create table raw_files.invoice_books (
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
    kept_source text not null,
    position bigint not null,
    primary key (source, record_key, recorded_from)
);

-- sources/links.yaml, invoices: the rules in their order, and the pairs of invoices that a person decided
create table raw_files.invoice_link_rules (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    invoice_link_rule_id text not null,
    kind text not null,
    position bigint,
    rule text,
    invoice_id text,
    master_invoice_id text,
    primary key (source, record_key, recorded_from)
);
