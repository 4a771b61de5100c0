{{ config(severity='warn') }}
-- a refund of a payment or credit note that is unknown, deleted, void or in another currency moves nothing
with

refunds as (
    select * from {{ ref('int_sources__refunds_united') }}
),

entries as (
    select * from {{ ref('fct_ledger_entries') }}
),

refunded as (
    select origin_id
    from entries
    where
        entry_type = 'refunded'
        and {{ is_known('entries', known_at()) }}
)

select
    refunds.refund_id,
    refunds.payment_id,
    refunds.credit_note_id,
    refunds.currency_code,
    refunds.refunded_amount
from refunds
left join refunded on 'refund:' || refunds.refund_id = refunded.origin_id
where
    not refunds.is_deleted
    and {{ is_known('refunds', known_at()) }}
    and refunded.origin_id is null
