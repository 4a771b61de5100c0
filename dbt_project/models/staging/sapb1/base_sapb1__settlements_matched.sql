-- three models read it, and each view of them would work all of it out again
{{ config(materialized='table', unlogged=true, post_hook="{{ analyze(this) }}") }}

with

document_currencies as (
    select * from {{ ref('base_sapb1__document_currencies') }}
),

payment_lines as (
    select * from {{ ref('base_sapb1__payment_lines') }}
),

payment_parts as (
    select * from {{ ref('base_sapb1__payment_parts') }}
),

internal_reconciliations as (
    select * from {{ source('sapb1', 'internal_reconciliations') }}
),

-- what payments do is in their lines, and what cancels a document voids it: the other reconciliations are read here
rows_reconciled as (
    select
        internal_reconciliations.source,
        internal_reconciliations.record_key,
        internal_reconciliations."ReconDate" as matched_date,
        internal_reconciliations.recorded_from,
        internal_reconciliations.recorded_to,
        internal_reconciliations.is_deleted or coalesce(internal_reconciliations."CancelAbs", 0) <> 0 as is_deleted,
        {{ json_text('item', 'ShortName') }} as customer_code,
        case {{ json_text('item', 'CreditOrDebit') }} when 'codDebit' then 'debit' else 'credit' end as side,
        case
            when {{ json_text('item', 'SrcObjTyp') }} in ('30', '-2')
                then '30:' || {{ json_text('item', 'TransId') }} || ':' || {{ json_text('item', 'TransRowId') }}
            else {{ json_text('item', 'SrcObjTyp') }} || ':' || {{ json_text('item', 'SrcObjAbs') }}
        end as document_key,
        cast({{ json_text('item', 'TransId') }} as bigint) as transaction_number,
        cast({{ json_text('item', 'TransRowId') }} as bigint) as transaction_row,
        coalesce(
            nullif(cast({{ json_text('item', 'ReconcileAmountFC') }} as numeric(24, 6)), 0),
            cast({{ json_text('item', 'ReconcileAmount') }} as numeric(24, 6))
        ) as amount
    from internal_reconciliations
    {{ json_items('internal_reconciliations."InternalReconciliationRows"', 'item') }}
    where
        internal_reconciliations."ReconType" not in ('rtPayment', 'rtReversal', 'rtCancellation')
        -- nothing voids a journal entry: another one takes it back
        or (internal_reconciliations."ReconType" = 'rtReversal' and {{ json_text('item', 'SrcObjTyp') }} = '30')
),

-- what is not read goes with the documents that it is reconciled with
rows_valued as (
    select
        rows_reconciled.*,
        document_currencies.currency_code is not null as is_read,
        coalesce(
            document_currencies.currency_code,
            max(document_currencies.currency_code) over (
                partition by rows_reconciled.source, rows_reconciled.record_key, rows_reconciled.recorded_from
            )
        ) as currency_code,
        row_number() over (
            partition by rows_reconciled.source, rows_reconciled.record_key, rows_reconciled.recorded_from
            order by rows_reconciled.transaction_number, rows_reconciled.transaction_row
        ) as position
    from rows_reconciled
    left join document_currencies
        on
            rows_reconciled.source = document_currencies.source
            and rows_reconciled.document_key = document_currencies.document_key
),

lines as (
    select
        source,
        payment_type || ':' || record_key as match_key,
        matched_lines.side,
        line_number as position,
        customer_code,
        document_key,
        instalment_number,
        currency_code,
        line_amount as amount,
        payment_date as matched_date,
        is_deleted,
        recorded_from,
        recorded_to
    from payment_lines as matched_lines
    where matched_lines.side <> 'other'

    union all

    -- the money itself comes after the credit that was used up with it
    select
        source,
        '24:' || record_key as match_key,
        'credit' as side,
        1000000 as position,
        "CardCode" as customer_code,
        part_key as document_key,
        cast(null as text) as instalment_number,
        part_currency_code as currency_code,
        part_amount as amount,
        "DocDate" as matched_date,
        is_deleted or coalesce("Cancelled", 'tNO') = 'tYES' as is_deleted,
        recorded_from,
        recorded_to
    from payment_parts

    union all

    -- what an outgoing payment pays back of the credits in its lines
    select
        source,
        payment_type || ':' || record_key as match_key,
        'debit' as side,
        1000000 as position,
        customer_code,
        cast(null as text) as document_key,
        cast(null as text) as instalment_number,
        currency_code,
        sum(case side when 'credit' then line_amount else -line_amount end) as amount,
        payment_date as matched_date,
        is_deleted,
        recorded_from,
        recorded_to
    from payment_lines
    where
        payment_type = '46'
        and side <> 'other'
    group by
        source, payment_type, record_key, customer_code, currency_code, payment_date, is_deleted, recorded_from,
        recorded_to

    union all

    select
        source,
        'reconciliation:' || record_key as match_key,
        side,
        position,
        customer_code,
        case when is_read then document_key end as document_key,
        cast(null as text) as instalment_number,
        currency_code,
        amount,
        matched_date,
        is_deleted,
        recorded_from,
        recorded_to
    from rows_valued
),

placed as (
    select
        lines.*,
        sum(amount) over (
            partition by source, match_key, recorded_from, currency_code, side
            order by position
        ) as amount_to
    from lines
    where amount > 0
),

-- debts and credits side by side in their order: where two overlap, one settled the other
matched as (
    select
        debits.source,
        debits.source
        || ':' || debits.match_key
        || ':' || cast(debits.position as text)
        || ':' || cast(credits.position as text) as match_id,
        debits.source || ':' || debits.document_key as debit_id,
        debits.instalment_number,
        credits.source || ':' || credits.document_key as credit_id,
        case
            when credits.document_key like '14:%' then 'credit_note'
            when credits.document_key like '24:%' then 'payment'
            -- a credit of a journal entry is money
            when credits.document_key like '30:%' then 'payment'
        end as credit_type,
        debits.customer_code,
        debits.currency_code,
        cast(
            least(debits.amount_to, credits.amount_to)
            - greatest(debits.amount_to - debits.amount, credits.amount_to - credits.amount)
            as numeric(24, 6)
        ) as matched_amount,
        debits.matched_date,
        debits.is_deleted,
        debits.recorded_from,
        debits.recorded_to
    from placed as debits
    inner join placed as credits
        on
            debits.source = credits.source
            and debits.match_key = credits.match_key
            and debits.recorded_from = credits.recorded_from
            and debits.currency_code = credits.currency_code
            and debits.amount_to > credits.amount_to - credits.amount
            and credits.amount_to > debits.amount_to - debits.amount
    where
        debits.side = 'debit'
        and credits.side = 'credit'
)

select * from matched
