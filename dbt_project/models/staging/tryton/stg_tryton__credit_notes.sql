with

invoices as (
    select * from {{ source('tryton', 'account_invoice') }}
),

lines as (
    select * from {{ source('tryton', 'account_move_line') }}
),

of_invoices as (
    select
        -- ids
        source || ':' || id as credit_note_id,
        cartera_company_id as company_id,
        source || ':' || party as customer_id,
        cast(null as text) as invoice_id,
        source,

        -- attributes
        party as customer_code,
        coalesce(number, reference, 'draft ' || id) as document_number,
        case
            when move is not null and state in ('posted', 'paid', 'cancelled') then 'open'
            when state = 'cancelled' then 'void'
            else 'draft'
        end as status,
        currency_code,
        company_currency_code,
        cast(company_amount / nullif(total_amount, 0) as numeric(24, 12)) as document_fx_rate,

        -- amounts
        -total_amount as total_amount,

        -- dates
        coalesce(invoice_date, {{ utc_date('changed_at') }}) as issue_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from invoices
    where total_amount < 0
),

-- the move that cancels an invoice, what an invoice was put off or passed on by, a write-off that settles nothing yet
of_lines as (
    select
        -- ids
        source || ':line:' || id as credit_note_id,
        cartera_company_id as company_id,
        source || ':' || coalesce(party, 'none') as customer_id,
        cast(null as text) as invoice_id,
        source,

        -- attributes
        coalesce(party, 'none') as customer_code,
        coalesce(move_number, move) as document_number,
        case
            when move_state = 'draft' then 'draft'
            when move_journal_type = 'write-off' and reconciliation is not null then 'void'
            else 'open'
        end as status,
        currency as currency_code,
        move_company_currency_code as company_currency_code,
        cast((debit - credit) / nullif(amount_second_currency, 0) as numeric(24, 12)) as document_fx_rate,

        -- amounts
        -amount as total_amount,

        -- dates
        move_date as issue_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from lines
    where
        amount < 0
        and not is_credit_note
        and (invoice is not null or is_cancellation or coalesce(move_journal_type, '') = 'write-off')
),

unioned as (
    select * from of_invoices
    union all
    select * from of_lines
)

select * from unioned
