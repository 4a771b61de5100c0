{{
    config(
        materialized='table',
        unlogged=true,
        indexes=[{'columns': ['payment_id']}, {'columns': ['invoice_id']}],
        post_hook="{{ analyze(this) }}",
    )
}}

with

rules as (
    select * from {{ ref('stg_files__invoice_link_rules') }}
    where not is_deleted
),

payments as (
    {{ payments_to_refer() }}
),

invoices as (
    {{ documents_to_link('invoices') }}
),

refunds as (
    {{ refunds_of_referring() }}
),

-- the number of an invoice of the same customer, or of its very amount (somebody else may pay); an id may be a small
-- number, which means something only with the same customer
{%- set same = {
    'document_number':
        '(payments.customer_id = invoices.customer_id or payments.payment_amount = invoices.total_amount)',
    'own_id': 'payments.customer_id = invoices.customer_id',
} %}

named as (
    {% for field, is_same in same.items() %}
        select
            payments.payment_id,
            payments.source,
            payments.payment_amount,
            payments.received_date,
            invoices.invoice_id,
            invoices.kind_rank,
            invoices.total_amount,
            {{ later_start('payments', 'invoices') }} as recorded_from,
            {{ earlier_end('payments', 'invoices') }} as recorded_to
        from payments
        inner join invoices
            on
                payments.company_id = invoices.company_id
                and payments.reference_code = invoices.{{ field }}
                and payments.currency_code = invoices.currency_code
                and payments.source <> invoices.source
                and {{ lives_overlap('payments', 'invoices') }}
        where {{ is_same }}
        {{ "union distinct" if not loop.last }}
    {% endfor %}
),

met as (
    select
        named.payment_id,
        named.source,
        named.payment_amount,
        named.received_date,
        named.invoice_id,
        named.kind_rank,
        named.total_amount,
        {{ later_start('named', 'rules') }} as recorded_from,
        {{ earlier_end('named', 'rules') }} as recorded_to
    from named
    inner join rules
        on
            rules.kind = 'rule'
            and rules.rule = 'reference'
            and {{ lives_overlap('named', 'rules') }}
),

parted as (
    select
        invoice_id as payment_id,
        master_invoice_id as invoice_id,
        recorded_from,
        recorded_to
    from rules
    where kind = 'never'
    union all
    select
        master_invoice_id as payment_id,
        invoice_id,
        recorded_from,
        recorded_to
    from rules
    where kind = 'never'
),

-- of an invoice that stands in two sources the one that is kept is paid
left_out as (
    select
        met.payment_id,
        links.invoice_id,
        links.kept_invoice_id,
        {{ later_start('met', 'links') }} as recorded_from,
        {{ earlier_end('met', 'links') }} as recorded_to
    from met
    inner join {{ ref('int_receivables__invoice_links_judged') }} as links
        on
            met.invoice_id = links.invoice_id
            and {{ lives_overlap('met', 'links') }}
    where links.kept_invoice_id is not null
),

spans as (
    {{ spans_of(['met', 'refunds', 'parted', 'left_out'], ['payment_id']) }}
),

-- books go before documents and gateways
candidates as (
    select
        spans.payment_id,
        spans.recorded_from,
        spans.recorded_to,
        met.source,
        met.payment_amount,
        met.received_date,
        coalesce(left_out.kept_invoice_id, met.invoice_id) as invoice_id,
        met.total_amount,
        rank() over (partition by spans.payment_id, spans.recorded_from order by met.kind_rank) as place
    from spans
    inner join met
        on
            spans.payment_id = met.payment_id
            and {{ is_known('met', 'spans.recorded_from') }}
    left join parted
        on
            met.payment_id = parted.payment_id
            and met.invoice_id = parted.invoice_id
            and {{ is_known('parted', 'spans.recorded_from') }}
    left join left_out
        on
            met.payment_id = left_out.payment_id
            and met.invoice_id = left_out.invoice_id
            and {{ is_known('left_out', 'spans.recorded_from') }}
    where parted.payment_id is null
),

-- of several nobody knows which one it is: the money stays on account
decided as (
    select
        payment_id,
        recorded_from,
        recorded_to,
        min(source) as source,
        min(payment_amount) as payment_amount,
        min(received_date) as received_date,
        min(invoice_id) as invoice_id,
        min(total_amount) as total_amount
    from candidates
    where place = 1
    group by
        payment_id,
        recorded_from,
        recorded_to
    having count(distinct invoice_id) = 1
),

given_back as (
    select
        decided.payment_id,
        decided.recorded_from,
        sum(refunds.refunded_amount) as refunded_amount
    from decided
    inner join refunds
        on
            decided.payment_id = refunds.payment_id
            and {{ is_known('refunds', 'decided.recorded_from') }}
    group by
        decided.payment_id,
        decided.recorded_from
),

referred as (
    select
        -- ids
        decided.payment_id || ':reference' as allocation_id,
        decided.payment_id,
        cast(null as text) as credit_note_id,
        decided.invoice_id,
        cast(null as text) as instalment_id,
        decided.source,

        -- amounts
        cast(
            least(
                decided.payment_amount - coalesce(given_back.refunded_amount, 0),
                decided.total_amount
            ) as numeric(24, 6)
        ) as allocated_amount,

        -- dates
        decided.received_date as allocated_date,

        -- versions
        false as is_deleted,
        decided.recorded_from,
        decided.recorded_to
    from decided
    left join given_back
        on
            decided.payment_id = given_back.payment_id
            and decided.recorded_from = given_back.recorded_from
    where decided.payment_amount > coalesce(given_back.refunded_amount, 0)
)

select * from referred
