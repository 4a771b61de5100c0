with

touched as (
    select * from {{ ref('int_ledger__documents_touched') }}
),

chargebacks as (
    select * from {{ ref('int_sources__chargebacks_united') }}
),

instalments as (
    select * from {{ ref('int_receivables__instalments_unioned') }}
),

invoices as (
    select * from {{ ref('int_receivables__invoices_split') }}
),

currencies as (
    select * from {{ ref('int_companies__currencies_set') }}
),

chargebacks_kept as (
    select
        'chargeback:' || chargeback_id as origin_id,
        chargeback_id as document_id,
        company_id,
        customer_id,
        invoice_id,
        instalment_id,
        document_number,
        currency_code,
        charged_back_amount,
        chargeback_date,
        case when reversed_date is not null then greatest(reversed_date, chargeback_date) end as reversed_date,
        source,
        recorded_from,
        recorded_to
    from chargebacks
    where
        not is_deleted
        and {{ only_touched('chargeback', 'chargeback_id') }}
),

-- the instalment is named, and is one of the invoice that is named: it is owed again
on_instalment as (
    select
        chargebacks_kept.origin_id,
        instalments.instalment_id as item_id,
        'instalment' as item_type,
        chargebacks_kept.document_id,
        instalments.company_id,
        instalments.customer_id,
        instalments.invoice_id,
        chargebacks_kept.document_number,
        chargebacks_kept.currency_code,
        instalments.company_currency_code,
        instalments.document_fx_rate,
        chargebacks_kept.charged_back_amount,
        chargebacks_kept.chargeback_date,
        chargebacks_kept.reversed_date,
        instalments.issue_date as document_date,
        chargebacks_kept.source,
        {{ later_start('chargebacks_kept', 'instalments') }} as recorded_from,
        {{ earlier_end('chargebacks_kept', 'instalments') }} as recorded_to
    from chargebacks_kept
    inner join instalments
        on
            chargebacks_kept.instalment_id = instalments.instalment_id
            and chargebacks_kept.currency_code = instalments.currency_code
            and {{ lives_overlap('chargebacks_kept', 'instalments') }}
    where
        instalments.is_itemised
        and (chargebacks_kept.invoice_id is null or chargebacks_kept.invoice_id = instalments.invoice_id)
),

-- only the invoice is known: its one derived instalment is owed again; of several nobody says which one, so it is a
-- debt of its own under that invoice
on_invoice as (
    select
        chargebacks_kept.origin_id,
        case
            when invoices.is_itemised then chargebacks_kept.origin_id
            else invoices.invoice_id || ':1'
        end as item_id,
        case when invoices.is_itemised then 'chargeback' else 'instalment' end as item_type,
        chargebacks_kept.document_id,
        invoices.company_id,
        invoices.customer_id,
        invoices.invoice_id,
        chargebacks_kept.document_number,
        chargebacks_kept.currency_code,
        invoices.company_currency_code,
        invoices.document_fx_rate,
        chargebacks_kept.charged_back_amount,
        chargebacks_kept.chargeback_date,
        chargebacks_kept.reversed_date,
        case
            when invoices.is_itemised then chargebacks_kept.chargeback_date
            else invoices.issue_date
        end as document_date,
        chargebacks_kept.source,
        {{ later_start('chargebacks_kept', 'invoices') }} as recorded_from,
        {{ earlier_end('chargebacks_kept', 'invoices') }} as recorded_to
    from chargebacks_kept
    inner join invoices
        on
            chargebacks_kept.invoice_id = invoices.invoice_id
            and chargebacks_kept.currency_code = invoices.currency_code
            and {{ lives_overlap('chargebacks_kept', 'invoices') }}
    where
        not invoices.is_itemised
        or chargebacks_kept.instalment_id is null
),

-- names no debt: one of its own, due on the day of the chargeback
on_their_own as (
    select
        chargebacks_kept.origin_id,
        chargebacks_kept.origin_id as item_id,
        'chargeback' as item_type,
        chargebacks_kept.document_id,
        chargebacks_kept.company_id,
        chargebacks_kept.customer_id,
        cast(null as text) as invoice_id,
        chargebacks_kept.document_number,
        chargebacks_kept.currency_code,
        currencies.company_currency_code,
        cast(null as numeric(24, 12)) as document_fx_rate,
        chargebacks_kept.charged_back_amount,
        chargebacks_kept.chargeback_date,
        chargebacks_kept.reversed_date,
        chargebacks_kept.chargeback_date as document_date,
        chargebacks_kept.source,
        {{ joined_from('chargebacks_kept', 'currencies') }} as recorded_from,
        {{ joined_to('chargebacks_kept', 'currencies') }} as recorded_to
    from chargebacks_kept
    left join currencies
        on
            chargebacks_kept.company_id = currencies.company_id
            and {{ lives_overlap('chargebacks_kept', 'currencies') }}
    where
        chargebacks_kept.invoice_id is null
        and chargebacks_kept.instalment_id is null
),

unioned as (
    select * from on_instalment
    union all
    select * from on_invoice
    union all
    select * from on_their_own
)

select * from unioned
