alter table raw_files.write_offs add column reversed_date date;

create table raw_files.refunds (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    refund_id text not null,
    company_id text not null,
    customer_id text not null,
    payment_id text,
    credit_note_id text,
    refund_date date not null,
    currency_code text not null,
    amount numeric(24,6) not null,
    reason text,
    primary key (source, record_key, recorded_from)
);

create table raw_files.chargebacks (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    chargeback_id text not null,
    company_id text not null,
    customer_id text not null,
    payment_id text,
    invoice_id text,
    instalment_id text,
    chargeback_date date not null,
    reversed_date date,
    currency_code text not null,
    amount numeric(24,6) not null,
    reason text,
    primary key (source, record_key, recorded_from)
);
