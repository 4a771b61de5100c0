{{ config(materialized='table', unlogged=true, post_hook="{{ analyze(this) }}") }}

with

invoices as {{ read_in_place() }} (
    select * from {{ ref('int_sources__invoices_united') }}
),

instalments as {{ read_in_place() }} (
    select * from {{ ref('int_sources__instalments_united') }}
),

credit_notes as {{ read_in_place() }} (
    select * from {{ ref('int_sources__credit_notes_united') }}
),

payments as {{ read_in_place() }} (
    select * from {{ ref('int_sources__payments_united') }}
),

allocations as {{ read_in_place() }} (
    select * from {{ ref('int_sources__allocations_united') }}
),

write_offs as {{ read_in_place() }} (
    select * from {{ ref('int_sources__write_offs_united') }}
),

refunds as {{ read_in_place() }} (
    select * from {{ ref('int_sources__refunds_united') }}
),

chargebacks as {{ read_in_place() }} (
    select * from {{ ref('int_sources__chargebacks_united') }}
),

invoice_links as (
    select * from {{ ref('int_receivables__invoice_links_judged') }}
),

invoices_changed as (
    select invoice_id from invoices
    where {{ is_touched('invoices') }}
    union distinct
    select invoice_id from instalments
    where {{ is_touched('instalments') }}
),

-- what an invoice that is left out says was paid is paid on the one that is kept: they are written together
touched_invoices as (
    select invoice_id from invoices_changed
    union distinct
    select invoice_links.kept_invoice_id as invoice_id
    from invoice_links
    inner join invoices_changed on invoice_links.invoice_id = invoices_changed.invoice_id
    union distinct
    select invoice_links.invoice_id
    from invoice_links
    inner join invoices_changed on invoice_links.kept_invoice_id = invoices_changed.invoice_id
),

touched_payments as (
    select payment_id from payments
    where {{ is_touched('payments') }}
),

touched_credit_notes as (
    select credit_note_id from credit_notes
    where {{ is_touched('credit_notes') }}
    union distinct
    select invoice_id as credit_note_id from touched_invoices
),

-- an allocation may name only the instalment; its invoice is then that of any version of the instalment
allocations_of_instalments as (
    select
        allocations.allocation_id,
        touched_invoices.invoice_id
    from touched_invoices
    inner join instalments on touched_invoices.invoice_id = instalments.invoice_id
    inner join allocations on instalments.instalment_id = allocations.instalment_id
    where allocations.invoice_id is null
),

-- an entry hangs on its allocation, the payment or credit note, and the invoice: touch one, rebuild all three
allocations_touched as (
    select allocation_id from allocations
    where {{ is_touched('allocations') }}
    union distinct
    select allocation_id from allocations
    where payment_id in (select touched_payments.payment_id from touched_payments)
    union distinct
    select allocation_id from allocations
    where credit_note_id in (select touched_credit_notes.credit_note_id from touched_credit_notes)
    union distinct
    select allocation_id from allocations
    where invoice_id in (select touched_invoices.invoice_id from touched_invoices)
    union distinct
    select allocation_id from allocations_of_instalments
),

-- in all its versions: what an allocation named long ago is needed to write that part of its past again
rebuilt_allocations as (
    select
        allocations.allocation_id,
        allocations.payment_id,
        allocations.credit_note_id,
        coalesce(allocations.invoice_id, instalments.invoice_id) as invoice_id
    from allocations
    left join instalments
        on
            allocations.instalment_id = instalments.instalment_id
            and allocations.invoice_id is null
    where allocations.allocation_id in (select allocations_touched.allocation_id from allocations_touched)
),

write_offs_touched as (
    select write_off_id
    from write_offs
    where
        {{ is_touched('write_offs') }}
        or invoice_id in (select touched_invoices.invoice_id from touched_invoices)
),

rebuilt_write_offs as (
    select
        write_off_id,
        invoice_id
    from write_offs
    where write_off_id in (select write_offs_touched.write_off_id from write_offs_touched)
),

-- a refund hangs on the payment or credit note of which it gives back, a chargeback on the invoice it opens again
refunds_touched as (
    select refund_id
    from refunds
    where
        {{ is_touched('refunds') }}
        or payment_id in (select touched_payments.payment_id from touched_payments)
        or credit_note_id in (select touched_credit_notes.credit_note_id from touched_credit_notes)
),

rebuilt_refunds as (
    select
        refund_id,
        payment_id,
        credit_note_id
    from refunds
    where refund_id in (select refunds_touched.refund_id from refunds_touched)
),

chargeback_links as (
    select
        chargebacks.chargeback_id,
        coalesce(chargebacks.invoice_id, instalments.invoice_id) as invoice_id,
        {{ is_touched('chargebacks') }} as is_touched
    from chargebacks
    left join instalments
        on
            chargebacks.instalment_id = instalments.instalment_id
            and chargebacks.invoice_id is null
),

chargebacks_touched as (
    select chargeback_id
    from chargeback_links
    where
        is_touched
        or invoice_id in (select touched_invoices.invoice_id from touched_invoices)
),

rebuilt_chargebacks as (
    select
        chargeback_id,
        invoice_id
    from chargeback_links
    where chargeback_id in (select chargebacks_touched.chargeback_id from chargebacks_touched)
),

unioned as (
    select
        'invoice' as document_type,
        invoice_id as document_id
    from touched_invoices
    union distinct
    select
        'invoice' as document_type,
        invoice_id as document_id
    from rebuilt_allocations
    union distinct
    select
        'invoice' as document_type,
        invoice_id as document_id
    from rebuilt_write_offs
    union distinct
    select
        'payment' as document_type,
        payment_id as document_id
    from touched_payments
    union distinct
    select
        'payment' as document_type,
        payment_id as document_id
    from rebuilt_allocations
    union distinct
    select
        'credit_note' as document_type,
        credit_note_id as document_id
    from touched_credit_notes
    union distinct
    select
        'credit_note' as document_type,
        credit_note_id as document_id
    from rebuilt_allocations
    union distinct
    select
        'allocation' as document_type,
        allocation_id as document_id
    from rebuilt_allocations
    union distinct
    select
        'write_off' as document_type,
        write_off_id as document_id
    from rebuilt_write_offs
    union distinct
    select
        'payment' as document_type,
        payment_id as document_id
    from rebuilt_refunds
    union distinct
    select
        'credit_note' as document_type,
        credit_note_id as document_id
    from rebuilt_refunds
    union distinct
    select
        'refund' as document_type,
        refund_id as document_id
    from rebuilt_refunds
    union distinct
    select
        'invoice' as document_type,
        invoice_id as document_id
    from rebuilt_chargebacks
    union distinct
    select
        'chargeback' as document_type,
        chargeback_id as document_id
    from rebuilt_chargebacks
),

documents as (
    select
        document_type,
        document_id
    from unioned
    where
        document_id is not null
        -- a full build reads no list: it stays empty
        and {{ is_partial_build() | lower }}
)

select * from documents
