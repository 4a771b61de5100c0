with

invoices as (
    select * from {{ source('tryton', 'account_invoice') }}
),

lines as (
    select * from {{ source('tryton', 'account_move_line') }}
),

-- what was posted is owed until its lines are settled: cancelling is a move of its own, that settles them
of_invoices as (
    select
        -- ids
        source || ':' || id as invoice_id,
        cartera_company_id as company_id,
        source || ':' || party as customer_id,
        source,

        -- attributes
        party as customer_code,
        party_name as customer_name,
        cast(null as text) as customer_email,
        coalesce(number, reference, 'draft ' || id) as document_number,
        'invoice' as document_type,
        case
            when move is not null and state in ('posted', 'paid', 'cancelled') then 'open'
            when state = 'cancelled' then 'void'
            else 'draft'
        end as status,
        currency_code,
        company_currency_code,
        cast(company_amount / nullif(total_amount, 0) as numeric(24, 12)) as document_fx_rate,
        record_key,
        cast(null as text) as document_url,
        cast(null as text) as file_name,
        cast(null as bigint) as file_row,

        -- amounts
        total_amount,
        cast(null as numeric(24, 6)) as paid_amount,
        cast(null as numeric(24, 6)) as credited_amount,
        cast(null as numeric(24, 6)) as open_amount,

        -- booleans
        false as is_disputed,

        -- dates
        coalesce(invoice_date, {{ utc_date('changed_at') }}) as issue_date,
        cast(null as date) as due_date,
        cast(null as date) as paid_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from invoices
    where total_amount >= 0
),

-- an opening balance, a payment that was cancelled or given back, a difference to the company's favour
of_lines as (
    select
        -- ids
        source || ':line:' || id as invoice_id,
        cartera_company_id as company_id,
        source || ':' || coalesce(party, 'none') as customer_id,
        source,

        -- attributes
        coalesce(party, 'none') as customer_code,
        party_name as customer_name,
        cast(null as text) as customer_email,
        coalesce(move_number, move) as document_number,
        'invoice' as document_type,
        case
            when move_state = 'draft' then 'draft'
            -- a difference of exchange is none in the currency of the debt
            when reconciled_currency <> currency and not is_mixed then 'void'
            else 'open'
        end as status,
        currency as currency_code,
        move_company_currency_code as company_currency_code,
        cast((debit - credit) / nullif(amount_second_currency, 0) as numeric(24, 12)) as document_fx_rate,
        record_key,
        cast(null as text) as document_url,
        cast(null as text) as file_name,
        cast(null as bigint) as file_row,

        -- amounts
        amount as total_amount,
        cast(null as numeric(24, 6)) as paid_amount,
        cast(null as numeric(24, 6)) as credited_amount,
        cast(null as numeric(24, 6)) as open_amount,

        -- booleans
        false as is_disputed,

        -- dates
        move_date as issue_date,
        coalesce(maturity_date, move_date) as due_date,
        cast(null as date) as paid_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from lines
    where amount > 0 and (invoice is null or is_credit_note)
),

unioned as (
    select * from of_invoices
    union all
    select * from of_lines
)

select * from unioned
