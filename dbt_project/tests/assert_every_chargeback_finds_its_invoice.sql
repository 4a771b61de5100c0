{{ config(severity='warn') }}
-- a chargeback of an invoice or instalment that is unknown, deleted, void or in another currency opens nothing
with

chargebacks as (
    select * from {{ ref('int_sources__chargebacks_united') }}
),

entries as (
    select * from {{ ref('fct_ledger_entries') }}
),

charged_back as (
    select origin_id
    from entries
    where
        entry_type = 'charged_back'
        and {{ is_known('entries', known_at()) }}
)

select
    chargebacks.chargeback_id,
    chargebacks.invoice_id,
    chargebacks.instalment_id,
    chargebacks.currency_code,
    chargebacks.charged_back_amount
from chargebacks
left join charged_back on 'chargeback:' || chargebacks.chargeback_id = charged_back.origin_id
where
    not chargebacks.is_deleted
    and {{ is_known('chargebacks', known_at()) }}
    and charged_back.origin_id is null
