{{ config(materialized='table', unlogged=true, post_hook="{{ analyze(this) }}") }}

with

reductions as (
    select * from {{ ref('int_ledger__reductions_targeted') }}
),

settlements as (
    select * from {{ ref('int_receivables__settlements_unioned') }}
),

-- money counts only while its payment or credit note lives, in the same currency, and not before it came
allocations_settled as (
    select
        reductions.origin_id,
        reductions.entry_type,
        reductions.item_id,
        reductions.invoice_id,
        reductions.company_id,
        reductions.customer_id,
        reductions.currency_code,
        reductions.document_date,
        reductions.company_currency_code,
        reductions.document_fx_rate,
        reductions.settlement_id,
        settlements.item_type as settlement_type,
        settlements.company_id as settlement_company_id,
        settlements.customer_id as settlement_customer_id,
        settlements.issue_date as settlement_date,
        settlements.company_currency_code as settlement_company_currency_code,
        settlements.document_fx_rate as settlement_fx_rate,
        reductions.reduction_amount,
        greatest(
            coalesce(reductions.reduction_date, settlements.issue_date),
            settlements.issue_date
        ) as effective_date,
        reductions.source,
        {{ later_start('reductions', 'settlements') }} as recorded_from,
        {{ earlier_end('reductions', 'settlements') }} as recorded_to
    from reductions
    inner join settlements
        on
            reductions.settlement_id = settlements.item_id
            and reductions.currency_code = settlements.currency_code
            and {{ lives_overlap('reductions', 'settlements') }}
),

write_offs as (
    select
        origin_id,
        entry_type,
        item_id,
        invoice_id,
        company_id,
        customer_id,
        currency_code,
        document_date,
        company_currency_code,
        document_fx_rate,
        settlement_id,
        cast(null as text) as settlement_type,
        cast(null as text) as settlement_company_id,
        cast(null as text) as settlement_customer_id,
        cast(null as date) as settlement_date,
        cast(null as text) as settlement_company_currency_code,
        cast(null as numeric(24, 12)) as settlement_fx_rate,
        reduction_amount,
        reduction_date as effective_date,
        source,
        recorded_from,
        recorded_to
    from reductions
    where entry_type in ('written_off', 'write_off_reversed')
),

unioned as (
    select * from allocations_settled
    union all
    select * from write_offs
)

select * from unioned
