create schema raw_files;
create schema quarantine;
-- it holds the version table of the migrations, so it may be there already
create schema if not exists ops;
create schema serve;

create table raw_files.customers (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    customer_id text not null,
    company_id text not null,
    name text,
    tax_id text,
    country_code text,
    language_code text,
    timezone text,
    email text,
    phone text,
    payment_terms_days bigint,
    credit_limit_amount numeric(24,6),
    currency_code text,
    collector text,
    is_active boolean,
    primary key (source, record_key, recorded_from)
);

create table raw_files.invoices (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    invoice_id text not null,
    company_id text not null,
    customer_id text not null,
    number text,
    document_type text,
    status text,
    issue_date date not null,
    due_date date,
    currency_code text not null,
    total_amount numeric(24,6) not null,
    company_currency_code text,
    document_fx_rate numeric(24,12),
    payment_reference text,
    document_url text,
    customer_name text,
    customer_email text,
    paid_date date,
    paid_amount numeric(24,6),
    credited_amount numeric(24,6),
    open_amount numeric(24,6),
    is_disputed boolean,
    primary key (source, record_key, recorded_from)
);

create table raw_files.instalments (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    instalment_id text not null,
    invoice_id text not null,
    due_date date not null,
    amount numeric(24,6) not null,
    primary key (source, record_key, recorded_from)
);

create table raw_files.credit_notes (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    credit_note_id text not null,
    company_id text not null,
    customer_id text not null,
    invoice_id text,
    number text,
    status text,
    issue_date date not null,
    currency_code text not null,
    total_amount numeric(24,6) not null,
    primary key (source, record_key, recorded_from)
);

create table raw_files.payments (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    payment_id text not null,
    company_id text not null,
    customer_id text not null,
    received_date date not null,
    currency_code text not null,
    amount numeric(24,6) not null,
    fee_amount numeric(24,6),
    method text,
    reference text,
    status text,
    primary key (source, record_key, recorded_from)
);

create table raw_files.allocations (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    allocation_id text not null,
    payment_id text,
    credit_note_id text,
    invoice_id text,
    instalment_id text,
    amount numeric(24,6) not null,
    allocated_date date,
    primary key (source, record_key, recorded_from)
);

create table raw_files.write_offs (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    write_off_id text not null,
    invoice_id text not null,
    instalment_id text,
    amount numeric(24,6) not null,
    write_off_date date not null,
    reason text,
    primary key (source, record_key, recorded_from)
);

create table raw_files.disputes (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    dispute_id text not null,
    invoice_id text not null,
    opened_date date not null,
    resolved_date date,
    reason text,
    primary key (source, record_key, recorded_from)
);

create table raw_files.promises (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    promise_id text not null,
    customer_id text not null,
    invoice_id text,
    made_date date not null,
    promised_date date not null,
    currency_code text not null,
    amount numeric(24,6) not null,
    primary key (source, record_key, recorded_from)
);

create table quarantine.records (
    quarantine_id bigint generated always as identity primary key,
    load_id bigint not null,
    source text not null,
    entity text not null,
    file_name text not null,
    row_number bigint not null,
    record_key text,
    column_name text,
    reason_code text not null,
    message text not null,
    raw_bytes bytea not null,
    raw_format text not null check (raw_format in ('csv', 'json')),
    amount numeric(24, 6),
    currency_code text,
    quarantined_at timestamptz not null,
    status text not null default 'open' check (status in ('open', 'replayed', 'superseded')),
    settled_at timestamptz,
    settled_by_load_id bigint
);
create index records_open on quarantine.records (source, entity) where status = 'open';

-- one row per landed delivery; in = loaded + quarantined, in rows and in cents (law 1)
create table ops.loads (
    load_id bigint generated always as identity primary key,
    source text not null,
    entity text not null,
    kind text not null check (kind in ('full', 'incremental', 'replay')),
    fingerprint text not null,
    files jsonb not null,
    recorded_at timestamptz not null,
    rows_in bigint not null,
    rows_loaded bigint not null,
    rows_quarantined bigint not null,
    rows_new bigint not null,
    rows_changed bigint not null,
    rows_unchanged bigint not null,
    rows_deleted bigint not null,
    amounts jsonb not null,
    check (rows_in = rows_loaded + rows_quarantined),
    check (rows_loaded = rows_new + rows_changed + rows_unchanged)
);
create index loads_latest on ops.loads (source, entity, load_id desc);

create table ops.runs (
    run_id uuid primary key,
    as_of_date date not null,
    known_at timestamptz,
    started_at timestamptz not null,
    finished_at timestamptz,
    status text not null check (status in ('running', 'landed', 'published', 'unchanged', 'stopped', 'failed')),
    triggered_by text not null,
    message text
);
create table ops.run_steps (
    run_id uuid not null references ops.runs,
    ordinal int not null,
    step text not null,
    status text not null check (status in ('ok', 'warning', 'stopped', 'failed', 'skipped')),
    started_at timestamptz not null,
    seconds numeric(12, 3) not null,
    rows_in bigint,
    rows_out bigint,
    rows_quarantined bigint,
    amounts jsonb not null default '{}',
    message text,
    primary key (run_id, ordinal)
);
-- every expectation and dbt test of a run, with what was seen
create table ops.check_results (
    run_id uuid not null references ops.runs,
    gate text not null check (gate in ('landed', 'marts', 'dbt', 'tie-out')),
    subject text not null,
    check_name text not null,
    severity text not null check (severity in ('critical', 'warning')),
    passed boolean not null,
    observed text,
    message text,
    primary key (run_id, gate, subject, check_name)
);
-- the tie-out certificate: buckets = open items = ledger (= source control total)
create table ops.certificates (
    run_id uuid primary key references ops.runs,
    issued_at timestamptz not null,
    as_of_date date not null,
    known_at timestamptz not null,
    is_tied boolean not null
);
create table ops.certificate_lines (
    run_id uuid not null references ops.certificates,
    company_id text not null,
    currency_code text not null,
    buckets_amount numeric(24, 6) not null,
    open_items_amount numeric(24, 6) not null,
    ledger_amount numeric(24, 6) not null,
    unapplied_amount numeric(24, 6) not null,
    source_control_amount numeric(24, 6),
    controlled_ledger_amount numeric(24, 6),
    is_tied boolean not null,
    primary key (run_id, company_id, currency_code)
);
-- the two sets of warehouse schemas, built in turn; the other one keeps serving
create table ops.slots (
    slot text primary key check (slot in ('a', 'b')),
    built_known_at timestamptz,
    code_hash text,
    is_building boolean not null default false
);
insert into ops.slots (slot) values ('a'), ('b');
create table ops.publications (
    publication_id bigint generated always as identity primary key,
    run_id uuid not null references ops.certificates,
    slot text not null references ops.slots,
    as_of_date date not null,
    known_at timestamptz not null,
    published_at timestamptz not null
);
