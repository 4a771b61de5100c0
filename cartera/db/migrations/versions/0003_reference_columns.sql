alter table raw_files.customers
    add column parent_id text,
    add column sector text,
    add column customer_type text,
    add column risk_class text;

alter table raw_files.credit_notes
    add column company_currency_code text,
    add column document_fx_rate numeric(24,12);

alter table raw_files.payments
    add column company_currency_code text,
    add column document_fx_rate numeric(24,12);
