-- its indexes are made by fct_daily_flows: only partial builds ask for them, and what follows here should not wait
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='origin_id',
        on_schema_change='fail',
        post_hook="{{ analyze(this) }}",
    )
}}

with

instalments as (
    select * from {{ ref('int_receivables__instalments_unioned') }}
),

settlements as (
    select * from {{ ref('int_receivables__settlements_unioned') }}
),

reductions as (
    select * from {{ ref('int_ledger__reductions_settled') }}
),

refunds as (
    select * from {{ ref('int_ledger__refunds_settled') }}
),

chargebacks as (
    select * from {{ ref('int_ledger__chargebacks_targeted') }}
),

-- debit the instalment
invoiced as (
    select
        'invoice:' || invoice_id as origin_id,
        'invoiced' as entry_type,
        instalment_id as item_id,
        'instalment' as item_type,
        company_id,
        customer_id,
        invoice_id,
        cast(null as text) as settlement_id,
        currency_code,
        instalment_amount as amount,
        issue_date as effective_date,
        issue_date as document_date,
        company_currency_code,
        document_fx_rate,
        source,
        recorded_from,
        recorded_to
    from instalments
),

-- credit the payment or credit note: not applied yet
settled as (
    select
        origin_id,
        case when item_type = 'payment' then 'received' else 'credit_noted' end as entry_type,
        item_id,
        item_type,
        company_id,
        customer_id,
        invoice_id,
        item_id as settlement_id,
        currency_code,
        -item_amount as amount,
        issue_date as effective_date,
        issue_date as document_date,
        company_currency_code,
        document_fx_rate,
        source,
        recorded_from,
        recorded_to
    from settlements
),

-- credit the instalment (or the pool of its invoice) ...
reduced as (
    select
        origin_id,
        entry_type,
        item_id,
        'instalment' as item_type,
        company_id,
        customer_id,
        invoice_id,
        settlement_id,
        currency_code,
        -reduction_amount as amount,
        effective_date,
        document_date,
        company_currency_code,
        document_fx_rate,
        source,
        recorded_from,
        recorded_to
    from reductions
),

-- ... and debit the payment or credit note it came from
used as (
    select
        origin_id,
        entry_type,
        settlement_id as item_id,
        settlement_type as item_type,
        settlement_company_id as company_id,
        settlement_customer_id as customer_id,
        invoice_id,
        settlement_id,
        currency_code,
        reduction_amount as amount,
        effective_date,
        settlement_date as document_date,
        settlement_company_currency_code as company_currency_code,
        settlement_fx_rate as document_fx_rate,
        source,
        recorded_from,
        recorded_to
    from reductions
    where settlement_id is not null
),

-- debit the payment or credit note that is given back
refunded as (
    select
        origin_id,
        'refunded' as entry_type,
        item_id,
        item_type,
        company_id,
        customer_id,
        invoice_id,
        settlement_id,
        currency_code,
        refunded_amount as amount,
        effective_date,
        document_date,
        company_currency_code,
        document_fx_rate,
        source,
        recorded_from,
        recorded_to
    from refunds
),

-- debit the debt that is owed again ...
charged_back as (
    select
        origin_id,
        'charged_back' as entry_type,
        item_id,
        item_type,
        company_id,
        customer_id,
        invoice_id,
        cast(null as text) as settlement_id,
        currency_code,
        charged_back_amount as amount,
        chargeback_date as effective_date,
        document_date,
        company_currency_code,
        document_fx_rate,
        source,
        recorded_from,
        recorded_to
    from chargebacks
),

-- ... and credit it when the case is won
chargeback_reversed as (
    select
        origin_id,
        'chargeback_reversed' as entry_type,
        item_id,
        item_type,
        company_id,
        customer_id,
        invoice_id,
        cast(null as text) as settlement_id,
        currency_code,
        -charged_back_amount as amount,
        reversed_date as effective_date,
        document_date,
        company_currency_code,
        document_fx_rate,
        source,
        recorded_from,
        recorded_to
    from chargebacks
    where reversed_date is not null
),

unioned as (
    select * from invoiced
    union all
    select * from settled
    union all
    select * from reduced
    union all
    select * from used
    union all
    select * from refunded
    union all
    select * from charged_back
    union all
    select * from chargeback_reversed
),

entries as (
    select
        -- ids
        {{
            hashed([
                "origin_id", "'|'",
                "entry_type", "'|'",
                "item_type", "'|'",
                "coalesce(item_id, '')", "'|'",
                utc_text('recorded_from'),
            ])
        }} as ledger_entry_id,
        origin_id,
        entry_type,
        item_id,
        item_type,
        case when item_type = 'instalment' then 'invoice:' || invoice_id else item_id end as family_id,
        company_id,
        customer_id,
        invoice_id,
        settlement_id,

        -- amounts
        currency_code,
        cast(amount as numeric(24, 6)) as amount,

        company_currency_code,
        cast(
            case when currency_code = company_currency_code then 1 else document_fx_rate end as numeric(24, 12)
        ) as document_fx_rate,

        -- dates
        effective_date,
        document_date,

        -- versions
        source,
        recorded_from,
        recorded_to
    from unioned
)

select * from entries
