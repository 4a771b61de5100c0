with

touched as (
    select * from {{ ref('int_ledger__documents_touched') }}
),

refunds as (
    select * from {{ ref('int_sources__refunds_united') }}
),

settlements as (
    select * from {{ ref('int_receivables__settlements_unioned') }}
),

currencies as (
    select * from {{ ref('int_companies__currencies_set') }}
),

refunds_kept as (
    select
        'refund:' || refund_id as origin_id,
        coalesce('payment:' || payment_id, 'credit_note:' || credit_note_id) as settlement_id,
        refund_id as document_id,
        company_id,
        customer_id,
        document_number,
        currency_code,
        refunded_amount,
        refund_date,
        source,
        recorded_from,
        recorded_to
    from refunds
    where
        not is_deleted
        and {{ only_touched('refund', 'refund_id') }}
),

-- uses up the payment or credit note, in the same currency, and not before it came
of_settlements as (
    select
        refunds_kept.origin_id,
        settlements.item_id,
        settlements.item_type,
        refunds_kept.document_id,
        settlements.company_id,
        settlements.customer_id,
        settlements.invoice_id,
        settlements.item_id as settlement_id,
        refunds_kept.document_number,
        refunds_kept.currency_code,
        settlements.company_currency_code,
        settlements.document_fx_rate,
        refunds_kept.refunded_amount,
        greatest(refunds_kept.refund_date, settlements.issue_date) as effective_date,
        settlements.issue_date as document_date,
        refunds_kept.source,
        {{ later_start('refunds_kept', 'settlements') }} as recorded_from,
        {{ earlier_end('refunds_kept', 'settlements') }} as recorded_to
    from refunds_kept
    inner join settlements
        on
            refunds_kept.settlement_id = settlements.item_id
            and refunds_kept.currency_code = settlements.currency_code
            and {{ lives_overlap('refunds_kept', 'settlements') }}
),

-- names nothing that it gives back: an item of its own, until somebody says what it belongs to
on_their_own as (
    select
        refunds_kept.origin_id,
        refunds_kept.origin_id as item_id,
        'refund' as item_type,
        refunds_kept.document_id,
        refunds_kept.company_id,
        refunds_kept.customer_id,
        cast(null as text) as invoice_id,
        cast(null as text) as settlement_id,
        refunds_kept.document_number,
        refunds_kept.currency_code,
        currencies.company_currency_code,
        cast(null as numeric(24, 12)) as document_fx_rate,
        refunds_kept.refunded_amount,
        refunds_kept.refund_date as effective_date,
        refunds_kept.refund_date as document_date,
        refunds_kept.source,
        {{ joined_from('refunds_kept', 'currencies') }} as recorded_from,
        {{ joined_to('refunds_kept', 'currencies') }} as recorded_to
    from refunds_kept
    left join currencies
        on
            refunds_kept.company_id = currencies.company_id
            and {{ lives_overlap('refunds_kept', 'currencies') }}
    where refunds_kept.settlement_id is null
),

unioned as (
    select * from of_settlements
    union all
    select * from on_their_own
)

select * from unioned
