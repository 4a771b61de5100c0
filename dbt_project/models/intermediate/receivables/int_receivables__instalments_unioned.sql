with

invoices as (
    select * from {{ ref('int_receivables__invoices_split') }}
),

instalments as (
    select * from {{ ref('int_sources__instalments_united') }}
),

-- an invoice without instalments is one instalment, due when the invoice is
whole_invoices as (
    select
        invoices.invoice_id || ':1' as instalment_id,
        invoices.invoice_id,
        invoices.company_id,
        invoices.customer_id,
        invoices.source,
        invoices.document_number,
        invoices.currency_code,
        invoices.company_currency_code,
        invoices.document_fx_rate,
        invoices.total_amount as instalment_amount,
        invoices.is_itemised,
        invoices.is_disputed,
        invoices.issue_date,
        coalesce(invoices.due_date, invoices.issue_date) as due_date,
        invoices.recorded_from,
        invoices.recorded_to
    from invoices
    where not invoices.is_itemised
),

itemised_invoices as (
    select
        instalments.instalment_id,
        invoices.invoice_id,
        invoices.company_id,
        invoices.customer_id,
        invoices.source,
        invoices.document_number,
        invoices.currency_code,
        invoices.company_currency_code,
        invoices.document_fx_rate,
        instalments.instalment_amount,
        invoices.is_itemised,
        invoices.is_disputed,
        invoices.issue_date,
        instalments.due_date,
        {{ later_start('invoices', 'instalments') }} as recorded_from,
        {{ earlier_end('invoices', 'instalments') }} as recorded_to
    from invoices
    inner join instalments
        on
            invoices.invoice_id = instalments.invoice_id
            and {{ lives_overlap('invoices', 'instalments') }}
    where
        invoices.is_itemised
        and not instalments.is_deleted
),

unioned as (
    select * from whole_invoices
    union all
    select * from itemised_invoices
)

select * from unioned
