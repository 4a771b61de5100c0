with

invoices as (
    select
        *,
        greatest(total, amount_due + coalesce(pre_payment_credit_notes_amount, 0), 0) as invoiced_amount
    from {{ source('stripe', 'invoice') }}
),

credit_notes as (
    select
        *,
        coalesce(pre_payment_amount, case when type = 'pre_payment' then amount else 0 end) as reducing_amount
    from {{ source('stripe', 'credit_note') }}
),

invoice_statuses as (
    {{ with_gaps('invoices', ['status']) }}
),

invoice_payments as (
    select
        invoices.source,
        invoices.id,
        invoices.recorded_from,
        {{ json_text('item', 'id') }} as payment_id,
        coalesce({{ json_text('item', 'paid_with') }}, {{ json_text('item', 'id') }}) as paid_with,
        cast({{ json_text('item', 'amount_paid') }} as numeric(24, 6)) as amount_paid,
        cast({{ json_text('item', 'paid_at') }} as timestamp with time zone) as paid_at
    from invoices
    {{ json_items('invoices.payments', 'item') }}
    where {{ json_text('item', 'status') }} = 'paid'
),

invoice_payments_running as (
    select
        *,
        sum(amount_paid) over (
            partition by source, id, recorded_from
            order by paid_at, payment_id
            rows between unbounded preceding and current row
        ) - amount_paid as paid_before_amount
    from invoice_payments
),

-- what exceeds the invoice is put to the customer's balance
of_payments as (
    select
        invoices.source || ':' || running.payment_id as settlement_id,
        'payment' as settlement_type,
        invoices.source || ':' || invoices.id as invoice_id,
        invoices.cartera_company_id as company_id,
        invoices.customer as customer_code,
        running.paid_with,
        running.paid_with as document_number,
        invoices.currency,
        least(
            running.amount_paid,
            greatest(invoices.amount_due - invoices.amount_remaining - running.paid_before_amount, 0)
        ) as settled_amount,
        {{ utc_date('coalesce(running.paid_at, invoices.paid_at, invoices.created)') }} as settled_date,
        invoices.source,
        invoices.is_deleted,
        invoices.recorded_from,
        invoices.recorded_to
    from invoices
    inner join invoice_payments_running as running
        on
            invoices.source = running.source
            and invoices.id = running.id
            and invoices.recorded_from = running.recorded_from
),

paid_through_stripe as (
    select
        source,
        id,
        recorded_from,
        sum(amount_paid) as amount_paid
    from invoice_payments
    group by source, id, recorded_from
),

-- paid, but with no payment that Stripe knows: out of band
of_other_payments as (
    select
        invoices.source || ':' || invoices.id || ':out_of_band' as settlement_id,
        'payment' as settlement_type,
        invoices.source || ':' || invoices.id as invoice_id,
        invoices.cartera_company_id as company_id,
        invoices.customer as customer_code,
        cast(null as text) as paid_with,
        coalesce(invoices.number, invoices.id) as document_number,
        invoices.currency,
        greatest(
            invoices.amount_due - invoices.amount_remaining - coalesce(paid_through_stripe.amount_paid, 0), 0
        ) as settled_amount,
        {{ utc_date('coalesce(invoices.paid_at, invoices.finalized_at, invoices.created)') }} as settled_date,
        invoices.source,
        invoices.is_deleted,
        invoices.recorded_from,
        invoices.recorded_to
    from invoices
    left join paid_through_stripe
        on
            invoices.source = paid_through_stripe.source
            and invoices.id = paid_through_stripe.id
            and invoices.recorded_from = paid_through_stripe.recorded_from
),

-- the part of a credit note that lowers what is due; the rest is a refund or goes to the customer's balance. It falls
-- with its invoice
of_credit_notes as (
    select
        credit_notes.source || ':' || credit_notes.id as settlement_id,
        'credit_note' as settlement_type,
        credit_notes.source || ':' || credit_notes.invoice as invoice_id,
        credit_notes.cartera_company_id as company_id,
        credit_notes.customer as customer_code,
        cast(null as text) as paid_with,
        coalesce(credit_notes.number, credit_notes.id) as document_number,
        credit_notes.currency,
        credit_notes.reducing_amount as settled_amount,
        {{ utc_date('coalesce(credit_notes.effective_at, credit_notes.created)') }} as settled_date,
        credit_notes.source,
        credit_notes.is_deleted
        or credit_notes.status = 'void'
        or coalesce(invoice_statuses.status = 'void', false) as is_deleted,
        {{ joined_from('credit_notes', 'invoice_statuses') }} as recorded_from,
        {{ joined_to('credit_notes', 'invoice_statuses') }} as recorded_to
    from credit_notes
    left join invoice_statuses
        on
            credit_notes.source = invoice_statuses.source
            and credit_notes.invoice = invoice_statuses.record_key
            and {{ lives_overlap('credit_notes', 'invoice_statuses') }}
),

-- credit of the customer that Stripe took for this invoice
of_customer_balances as (
    select
        source || ':' || id || ':balance' as settlement_id,
        'credit_note' as settlement_type,
        source || ':' || id as invoice_id,
        cartera_company_id as company_id,
        customer as customer_code,
        cast(null as text) as paid_with,
        coalesce(number, id) as document_number,
        currency,
        invoiced_amount - coalesce(pre_payment_credit_notes_amount, 0) - amount_due as settled_amount,
        {{ utc_date('coalesce(effective_at, finalized_at, created)') }} as settled_date,
        source,
        is_deleted or status in ('draft', 'void') as is_deleted,
        recorded_from,
        recorded_to
    from invoices
),

unioned as (
    select * from of_payments
    union all
    select * from of_other_payments
    union all
    select * from of_credit_notes
    union all
    select * from of_customer_balances
),

settlements as (
    select
        -- ids
        settlement_id,
        invoice_id,
        company_id,
        source || ':' || customer_code as customer_id,
        source,

        -- attributes
        settlement_type,
        customer_code,
        paid_with,
        document_number,
        upper(currency) as currency_code,

        -- amounts
        cast(settled_amount as numeric(24, 6)) as settled_amount,

        -- dates
        settled_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from unioned
    where settled_amount <> 0
)

select * from settlements
