-- what was paid through Stripe; what exceeds the invoice is put to the customer's balance
select
    -- ids
    invoices.source || ':' || {{ json_text('item', 'id') }} as settlement_id,
    invoices.source || ':' || invoices.id as invoice_id,
    invoices.cartera_company_id as company_id,
    invoices.source || ':' || invoices.customer as customer_id,
    invoices.source,

    -- attributes
    'payment' as settlement_type,
    invoices.customer as customer_code,
    coalesce({{ json_text('item', 'paid_with') }}, {{ json_text('item', 'id') }}) as paid_with,
    coalesce({{ json_text('item', 'paid_with') }}, {{ json_text('item', 'id') }}) as document_number,
    upper(invoices.currency) as currency_code,

    -- amounts
    least(
        cast({{ json_text('item', 'amount_paid') }} as numeric(24, 6)),
        greatest(
            invoices.amount_due
            - invoices.amount_remaining
            - cast({{ json_text('item', 'amount_paid_before') }} as numeric(24, 6)),
            0
        )
    ) as settled_amount,

    -- dates
    {{ utc_date("cast(" ~ json_text('item', 'paid_at') ~ " as timestamp with time zone)") }} as settled_date,

    -- versions
    invoices.is_deleted,
    invoices.recorded_from,
    invoices.recorded_to
from {{ source('stripe', 'invoice') }} as invoices
{{ json_items('invoices.payments', 'item') }}
where {{ json_text('item', 'status') }} = 'paid'

union all

-- paid, but by no payment that Stripe knows: out of band
select
    -- ids
    invoices.source || ':' || invoices.id || ':out_of_band' as settlement_id,
    invoices.source || ':' || invoices.id as invoice_id,
    invoices.cartera_company_id as company_id,
    invoices.source || ':' || invoices.customer as customer_id,
    invoices.source,

    -- attributes
    'payment' as settlement_type,
    invoices.customer as customer_code,
    cast(null as text) as paid_with,
    coalesce(invoices.number, invoices.id) as document_number,
    upper(invoices.currency) as currency_code,

    -- amounts
    invoices.amount_due - invoices.amount_remaining - invoices.amount_paid_through_stripe as settled_amount,

    -- dates
    {{ utc_date('coalesce(invoices.paid_at, invoices.finalized_at, invoices.created)') }} as settled_date,

    -- versions
    invoices.is_deleted,
    invoices.recorded_from,
    invoices.recorded_to
from {{ source('stripe', 'invoice') }} as invoices
where invoices.amount_due - invoices.amount_remaining > invoices.amount_paid_through_stripe

union all

-- credit of the customer that Stripe took for this invoice
select
    -- ids
    invoices.source || ':' || invoices.id || ':balance' as settlement_id,
    invoices.source || ':' || invoices.id as invoice_id,
    invoices.cartera_company_id as company_id,
    invoices.source || ':' || invoices.customer as customer_id,
    invoices.source,

    -- attributes
    'credit_note' as settlement_type,
    invoices.customer as customer_code,
    cast(null as text) as paid_with,
    coalesce(invoices.number, invoices.id) as document_number,
    upper(invoices.currency) as currency_code,

    -- amounts
    invoices.total - coalesce(invoices.pre_payment_credit_notes_amount, 0) - invoices.amount_due as settled_amount,

    -- dates
    {{ utc_date('coalesce(invoices.effective_at, invoices.finalized_at, invoices.created)') }} as settled_date,

    -- versions
    invoices.is_deleted or invoices.status in ('draft', 'void') as is_deleted,
    invoices.recorded_from,
    invoices.recorded_to
from {{ source('stripe', 'invoice') }} as invoices
where invoices.total > coalesce(invoices.pre_payment_credit_notes_amount, 0) + invoices.amount_due

union all

-- the part of a credit note that lowers what is due; the rest is a refund or goes to the customer's balance. It falls
-- with its invoice
select
    -- ids
    credit_notes.source || ':' || credit_notes.id as settlement_id,
    credit_notes.source || ':' || credit_notes.invoice as invoice_id,
    credit_notes.cartera_company_id as company_id,
    credit_notes.source || ':' || credit_notes.customer as customer_id,
    credit_notes.source,

    -- attributes
    'credit_note' as settlement_type,
    credit_notes.customer as customer_code,
    cast(null as text) as paid_with,
    coalesce(credit_notes.number, credit_notes.id) as document_number,
    upper(credit_notes.currency) as currency_code,

    -- amounts
    coalesce(credit_notes.pre_payment_amount, credit_notes.amount) as settled_amount,

    -- dates
    {{ utc_date('coalesce(credit_notes.effective_at, credit_notes.created)') }} as settled_date,

    -- versions
    credit_notes.is_deleted
    or invoices.is_deleted
    or credit_notes.status = 'void'
    or invoices.status = 'void' as is_deleted,
    {{ later_start('credit_notes', 'invoices') }} as recorded_from,
    {{ earlier_end('credit_notes', 'invoices') }} as recorded_to
from {{ source('stripe', 'credit_note') }} as credit_notes
inner join {{ source('stripe', 'invoice') }} as invoices
    on
        credit_notes.source = invoices.source
        and credit_notes.invoice = invoices.id
        and {{ lives_overlap('credit_notes', 'invoices') }}
where
    credit_notes.pre_payment_amount > 0
    or (credit_notes.pre_payment_amount is null and credit_notes.type = 'pre_payment')
