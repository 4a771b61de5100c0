{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='origin_id',
        on_schema_change='fail',
        indexes=[
            {'columns': ['item_id']},
            {'columns': ['invoice_id']},
            {'columns': ['origin_id']},
        ],
        post_hook=[
            "{{ analyze(this) }}",
            "{{ index_unless_there(this, 'customer_id') }}",
            "{{ index_unless_there(this, 'document_number') }}",
        ],
    )
}}

-- every intermediate view is made before the first of the two incremental tables, so that all of them agree
-- whether the build is partial (macros/partial_build.sql)
-- depends_on: {{ ref('int_ledger__reductions_targeted') }}

with

instalments as (
    select * from {{ ref('int_receivables__instalments_due') }}
),

settlements as (
    select * from {{ ref('int_receivables__settlements_unioned') }}
),

refunds as (
    select * from {{ ref('int_ledger__refunds_settled') }}
),

chargebacks as (
    select * from {{ ref('int_ledger__chargebacks_targeted') }}
),

instalments_kept as (
    select
        instalment_id as item_id,
        'instalment' as item_type,
        'invoice:' || invoice_id as origin_id,
        company_id,
        customer_id,
        invoice_id,
        invoice_id as document_id,
        document_number,
        issue_date,
        due_date,
        currency_code,
        instalment_amount as item_amount,
        is_disputed,
        source,
        recorded_from,
        recorded_to,
        company_currency_code,
        document_fx_rate,
        stated_due_date
    from instalments
),

settlements_kept as (
    select
        item_id,
        item_type,
        origin_id,
        company_id,
        customer_id,
        invoice_id,
        document_id,
        document_number,
        issue_date,
        cast(null as date) as due_date,
        currency_code,
        item_amount,
        false as is_disputed,
        source,
        recorded_from,
        recorded_to,
        company_currency_code,
        document_fx_rate,
        cast(null as date) as stated_due_date
    from settlements
),

-- refunds and chargebacks that move no other item
refunds_kept as (
    select
        item_id,
        item_type,
        origin_id,
        company_id,
        customer_id,
        invoice_id,
        document_id,
        document_number,
        effective_date as issue_date,
        cast(null as date) as due_date,
        currency_code,
        refunded_amount as item_amount,
        false as is_disputed,
        source,
        recorded_from,
        recorded_to,
        company_currency_code,
        document_fx_rate,
        cast(null as date) as stated_due_date
    from refunds
    where item_type = 'refund'
),

chargebacks_kept as (
    select
        item_id,
        item_type,
        origin_id,
        company_id,
        customer_id,
        invoice_id,
        document_id,
        document_number,
        chargeback_date as issue_date,
        chargeback_date as due_date,
        currency_code,
        charged_back_amount as item_amount,
        false as is_disputed,
        source,
        recorded_from,
        recorded_to,
        company_currency_code,
        document_fx_rate,
        chargeback_date as stated_due_date
    from chargebacks
    where item_type = 'chargeback'
),

unioned as (
    select * from instalments_kept
    union all
    select * from settlements_kept
    union all
    select * from refunds_kept
    union all
    select * from chargebacks_kept
),

items as (
    select
        item_id,
        item_type,
        origin_id,
        company_id,
        customer_id,
        invoice_id,
        document_id,
        document_number,
        issue_date,
        due_date,
        currency_code,
        cast(item_amount as numeric(24, 6)) as item_amount,
        is_disputed,
        source,
        recorded_from,
        recorded_to,
        company_currency_code,
        cast(
            case when currency_code = company_currency_code then 1 else document_fx_rate end as numeric(24, 12)
        ) as document_fx_rate,
        stated_due_date
    from unioned
)

select * from items
