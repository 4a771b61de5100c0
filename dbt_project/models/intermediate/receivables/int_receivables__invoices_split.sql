{{ config(materialized='table', unlogged=true, post_hook="{{ analyze(this) }}") }}

with

touched as (
    select * from {{ ref('int_ledger__documents_touched') }}
),

invoices as (
    select * from {{ ref('int_sources__invoices_united') }}
),

details as (
    select * from {{ ref('int_receivables__details_first_recorded') }}
),

currencies as (
    select * from {{ ref('int_companies__currencies_set') }}
),

-- void, deleted and draft documents owe nothing, and what is kept elsewhere owes there; bills are owed by us, not to us
invoices_owed as (
    select
        invoices.invoice_id,
        invoices.company_id,
        invoices.customer_id,
        invoices.source,
        invoices.document_number,
        invoices.currency_code,
        invoices.company_currency_code,
        invoices.document_fx_rate,
        invoices.total_amount,
        invoices.paid_amount,
        invoices.credited_amount,
        invoices.is_disputed,
        invoices.issue_date,
        invoices.due_date,
        invoices.paid_date,
        invoices.recorded_from,
        invoices.recorded_to,
        coalesce(details.itemised_at, {{ forever() }}) as itemised_at,
        coalesce(details.paid_in_detail_at, {{ forever() }}) as paid_in_detail_at,
        coalesce(details.credited_in_detail_at, {{ forever() }}) as credited_in_detail_at
    from invoices
    left join details on invoices.invoice_id = details.invoice_id
    where
        not invoices.is_deleted
        and invoices.document_type not in ('credit_note', 'bill')
        and invoices.status not in ('void', 'deleted', 'draft', 'elsewhere')
        and {{ only_touched('invoice', 'invoices.invoice_id') }}
),

-- once itemised, always itemised: what was known before that moment stays as it was
halves as (
    select
        false as is_itemised,
        invoices_owed.recorded_from as half_from,
        least(invoices_owed.recorded_to, invoices_owed.itemised_at) as half_to,
        invoices_owed.*
    from invoices_owed

    union all

    select
        true as is_itemised,
        greatest(invoices_owed.recorded_from, invoices_owed.itemised_at) as half_from,
        invoices_owed.recorded_to as half_to,
        invoices_owed.*
    from invoices_owed
),

split as (
    select
        -- ids
        invoice_id,
        company_id,
        customer_id,
        source,

        -- attributes
        document_number,
        currency_code,
        company_currency_code,
        document_fx_rate,

        -- amounts
        total_amount,
        paid_amount,
        credited_amount,

        -- booleans
        is_itemised,
        is_disputed,

        -- dates
        issue_date,
        due_date,
        paid_date,

        -- versions
        paid_in_detail_at,
        credited_in_detail_at,
        half_from as recorded_from,
        half_to as recorded_to
    from halves
    where half_from < half_to
),

-- a document that does not name its company's currency has that of the company's settings, while they hold
valued as (
    select
        -- ids
        split.invoice_id,
        split.company_id,
        split.customer_id,
        split.source,

        -- attributes
        split.document_number,
        split.currency_code,
        coalesce(split.company_currency_code, currencies.company_currency_code) as company_currency_code,
        split.document_fx_rate,

        -- amounts
        split.total_amount,
        split.paid_amount,
        split.credited_amount,

        -- booleans
        split.is_itemised,
        split.is_disputed,

        -- dates
        split.issue_date,
        split.due_date,
        split.paid_date,

        -- versions
        split.paid_in_detail_at,
        split.credited_in_detail_at,
        {{ joined_from('split', 'currencies') }} as recorded_from,
        {{ joined_to('split', 'currencies') }} as recorded_to
    from split
    left join currencies
        on
            split.company_id = currencies.company_id
            and split.company_currency_code is null
            and {{ lives_overlap('split', 'currencies') }}
)

select * from valued
