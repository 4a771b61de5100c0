with

reductions as (
    select * from {{ ref('int_receivables__reductions_unioned') }}
),

instalments as (
    select * from {{ ref('int_receivables__instalments_unioned') }}
),

invoices as (
    select * from {{ ref('int_receivables__invoices_split') }}
),

-- the instalment is named, and is one of the invoice that is named
on_instalment as (
    select
        reductions.origin_id,
        reductions.entry_type,
        reductions.settlement_id,
        reductions.reduction_amount,
        reductions.reduction_date,
        reductions.source,
        instalments.instalment_id as item_id,
        instalments.invoice_id,
        instalments.company_id,
        instalments.customer_id,
        instalments.currency_code,
        instalments.issue_date as document_date,
        instalments.company_currency_code,
        instalments.document_fx_rate,
        {{ later_start('reductions', 'instalments') }} as recorded_from,
        {{ earlier_end('reductions', 'instalments') }} as recorded_to
    from reductions
    inner join instalments
        on
            reductions.instalment_id = instalments.instalment_id
            and {{ lives_overlap('reductions', 'instalments') }}
    where
        instalments.is_itemised
        and (reductions.invoice_id is null or reductions.invoice_id = instalments.invoice_id)
),

-- only the invoice is known: its one derived instalment, or (no item) the pool that its instalments share
on_invoice as (
    select
        reductions.origin_id,
        reductions.entry_type,
        reductions.settlement_id,
        reductions.reduction_amount,
        reductions.reduction_date,
        reductions.source,
        case when not invoices.is_itemised then invoices.invoice_id || ':1' end as item_id,
        invoices.invoice_id,
        invoices.company_id,
        invoices.customer_id,
        invoices.currency_code,
        invoices.issue_date as document_date,
        invoices.company_currency_code,
        invoices.document_fx_rate,
        {{ later_start('reductions', 'invoices') }} as recorded_from,
        {{ earlier_end('reductions', 'invoices') }} as recorded_to
    from reductions
    inner join invoices
        on
            reductions.invoice_id = invoices.invoice_id
            and {{ lives_overlap('reductions', 'invoices') }}
    where
        not invoices.is_itemised
        or reductions.instalment_id is null
),

unioned as (
    select * from on_instalment
    union all
    select * from on_invoice
)

select * from unioned
