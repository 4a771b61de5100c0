with

touched as (
    select * from {{ ref('int_ledger__documents_touched') }}
),

invoices as (
    select * from {{ ref('int_sources__invoices_united') }}
),

links as (
    select * from {{ ref('int_receivables__invoice_links_judged') }}
),

details as (
    select * from {{ ref('int_receivables__details_first_recorded') }}
),

left_out as (
    select
        -- ids
        invoices.invoice_id,
        links.kept_invoice_id,
        invoices.company_id,
        invoices.customer_id,
        invoices.source,

        -- attributes
        invoices.document_number,
        invoices.currency_code,
        invoices.company_currency_code,
        invoices.document_fx_rate,

        -- amounts
        invoices.total_amount,
        invoices.paid_amount,
        invoices.credited_amount,

        -- dates
        invoices.issue_date,
        invoices.paid_date,

        -- versions
        coalesce(details.paid_in_detail_at, {{ forever() }}) as paid_in_detail_at,
        coalesce(details.credited_in_detail_at, {{ forever() }}) as credited_in_detail_at,
        {{ later_start('invoices', 'links') }} as recorded_from,
        {{ earlier_end('invoices', 'links') }} as recorded_to
    from invoices
    inner join links
        on
            invoices.invoice_id = links.invoice_id
            and links.kept_invoice_id is not null
            and {{ lives_overlap('invoices', 'links') }}
    left join details on invoices.invoice_id = details.invoice_id
    where
        not invoices.is_deleted
        and invoices.status = 'elsewhere'
        and (
            invoices.paid_amount is not null
            or invoices.paid_date is not null
            or invoices.credited_amount > 0
        )
        and {{ only_touched('invoice', 'invoices.invoice_id') }}
)

select * from left_out
