{% set columns = [
    'company_id', 'customer_id', 'source', 'document_number', 'currency_code', 'company_currency_code',
    'document_fx_rate', 'total_amount', 'paid_amount', 'credited_amount', 'issue_date', 'paid_date',
    'paid_in_detail_at', 'credited_in_detail_at', 'recorded_from', 'recorded_to',
] %}

with

invoices as (
    select * from {{ ref('int_receivables__invoices_split') }}
),

invoices_left_out as (
    select * from {{ ref('int_receivables__invoices_left_out') }}
),

-- what was paid on an invoice that is left out is paid on the one that is kept
stated as (
    select
        invoice_id as document_id,
        invoice_id,
        {{ columns | join(', ') }}
    from invoices
    -- most lists tell payments elsewhere
    where
        paid_amount is not null
        or paid_date is not null
        or credited_amount > 0

    union all

    select
        invoice_id as document_id,
        kept_invoice_id as invoice_id,
        {{ columns | join(', ') }}
    from invoices_left_out
),

amounts_known as (
    select
        stated.*,
        least(coalesce(credited_amount, 0), total_amount) as credited_applied_amount,
        -- paid, but the source has no date for it: the day on which we first heard of this amount
        {{ utc_date('min(recorded_from) over (partition by document_id, paid_amount)') }} as first_recorded_date
    from stated
),

payments_derived as (
    select
        amounts_known.*,
        'invoice_payment:' || document_id as item_id,
        'payment' as item_type,
        'applied' as entry_type,
        -- a paid date alone says: paid in full
        case
            when paid_amount is not null then paid_amount
            when paid_date is not null then total_amount - credited_applied_amount
            else 0
        end as item_amount,
        total_amount - credited_applied_amount as room_amount,
        coalesce(paid_date, first_recorded_date) as settled_date,
        paid_in_detail_at as in_detail_at
    from amounts_known
),

credits_derived as (
    select
        amounts_known.*,
        'invoice_credit:' || document_id as item_id,
        'credit_note' as item_type,
        'credited' as entry_type,
        coalesce(credited_amount, 0) as item_amount,
        total_amount as room_amount,
        coalesce(paid_date, issue_date) as settled_date,
        credited_in_detail_at as in_detail_at
    from amounts_known
),

unioned as (
    select * from payments_derived
    union all
    select * from credits_derived
),

derived as (
    select
        -- ids
        item_id,
        'invoice:' || document_id as origin_id,
        document_id,
        invoice_id,
        company_id,
        customer_id,
        source,

        -- attributes
        item_type,
        entry_type,
        document_number,
        currency_code,
        company_currency_code,
        document_fx_rate,

        -- amounts: what exceeds the invoice stays on the payment or credit, unapplied
        cast(item_amount as numeric(24, 6)) as item_amount,
        cast(least(item_amount, room_amount) as numeric(24, 6)) as applied_amount,

        -- dates
        settled_date as issue_date,

        -- versions
        recorded_from,
        least(recorded_to, in_detail_at) as recorded_to
    from unioned
    where
        item_amount > 0
        and recorded_from < least(recorded_to, in_detail_at)
)

select * from derived
