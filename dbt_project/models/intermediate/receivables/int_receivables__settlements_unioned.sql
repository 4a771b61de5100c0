with

touched as (
    select * from {{ ref('int_ledger__documents_touched') }}
),

payments as (
    select * from {{ ref('int_sources__payments_united') }}
),

credit_notes as {{ read_in_place() }} (
    select * from {{ ref('int_sources__credit_notes_united') }}
),

listed_documents as (
    select * from {{ ref('int_sources__invoices_united') }}
),

wide_settlements as (
    select * from {{ ref('int_receivables__wide_settlements_derived') }}
),

currencies as (
    select * from {{ ref('int_companies__currencies_set') }}
),

payments_received as (
    select
        'payment:' || payment_id as item_id,
        'payment:' || payment_id as origin_id,
        'payment' as item_type,
        payment_id as document_id,
        company_id,
        customer_id,
        cast(null as text) as invoice_id,
        source,
        document_number,
        currency_code,
        company_currency_code,
        document_fx_rate,
        payment_amount as item_amount,
        received_date as issue_date,
        recorded_from,
        recorded_to
    from payments
    where
        not is_deleted
        and status <> 'cancelled'
        and {{ only_touched('payment', 'payment_id') }}
),

credit_notes_issued as (
    select
        'credit_note:' || credit_note_id as item_id,
        'credit_note:' || credit_note_id as origin_id,
        'credit_note' as item_type,
        credit_note_id as document_id,
        company_id,
        customer_id,
        invoice_id,
        source,
        document_number,
        currency_code,
        company_currency_code,
        document_fx_rate,
        total_amount as item_amount,
        issue_date,
        recorded_from,
        recorded_to
    from credit_notes
    where
        not is_deleted
        and status not in ('void', 'deleted', 'draft', 'elsewhere')
        and {{ only_touched('credit_note', 'credit_note_id') }}
),

credit_notes_first_recorded as (
    select
        credit_note_id,
        min(recorded_from) as recorded_from
    from credit_notes
    where {{ only_touched('credit_note', 'credit_note_id') }}
    group by credit_note_id
),

-- a credit note in the invoice list counts until the list of credit notes has it
credit_notes_listed as (
    select
        'credit_note:' || listed_documents.invoice_id as item_id,
        'credit_note:' || listed_documents.invoice_id as origin_id,
        'credit_note' as item_type,
        listed_documents.invoice_id as document_id,
        listed_documents.company_id,
        listed_documents.customer_id,
        cast(null as text) as invoice_id,
        listed_documents.source,
        listed_documents.document_number,
        listed_documents.currency_code,
        listed_documents.company_currency_code,
        listed_documents.document_fx_rate,
        listed_documents.total_amount as item_amount,
        listed_documents.issue_date,
        listed_documents.recorded_from,
        least(
            listed_documents.recorded_to,
            coalesce(credit_notes_first_recorded.recorded_from, listed_documents.recorded_to)
        ) as recorded_to
    from listed_documents
    left join credit_notes_first_recorded
        on listed_documents.invoice_id = credit_notes_first_recorded.credit_note_id
    where
        not listed_documents.is_deleted
        and listed_documents.document_type = 'credit_note'
        and listed_documents.status not in ('void', 'deleted', 'draft')
        and {{ only_touched('credit_note', 'listed_documents.invoice_id') }}
),

wide_settlements_kept as (
    select
        item_id,
        origin_id,
        item_type,
        document_id,
        company_id,
        customer_id,
        invoice_id,
        source,
        document_number,
        currency_code,
        company_currency_code,
        document_fx_rate,
        item_amount,
        issue_date,
        recorded_from,
        recorded_to
    from wide_settlements
),

unioned as (
    select * from payments_received
    union all
    select * from credit_notes_issued
    union all
    select * from credit_notes_listed
    union all
    select * from wide_settlements_kept
),

settlements as (
    select
        -- ids
        item_id,
        origin_id,
        document_id,
        company_id,
        customer_id,
        invoice_id,
        source,

        -- attributes
        item_type,
        document_number,
        currency_code,
        company_currency_code,
        document_fx_rate,

        -- amounts
        item_amount,

        -- dates
        issue_date,

        -- versions
        recorded_from,
        recorded_to
    from unioned
    where recorded_from < recorded_to
),

-- a document that does not name its company's currency has that of the company's settings, while they hold
valued as (
    select
        -- ids
        settlements.item_id,
        settlements.origin_id,
        settlements.document_id,
        settlements.company_id,
        settlements.customer_id,
        settlements.invoice_id,
        settlements.source,

        -- attributes
        settlements.item_type,
        settlements.document_number,
        settlements.currency_code,
        coalesce(settlements.company_currency_code, currencies.company_currency_code) as company_currency_code,
        settlements.document_fx_rate,

        -- amounts
        settlements.item_amount,

        -- dates
        settlements.issue_date,

        -- versions
        {{ joined_from('settlements', 'currencies') }} as recorded_from,
        {{ joined_to('settlements', 'currencies') }} as recorded_to
    from settlements
    left join currencies
        on
            settlements.company_id = currencies.company_id
            and settlements.company_currency_code is null
            and {{ lives_overlap('settlements', 'currencies') }}
)

select * from valued
