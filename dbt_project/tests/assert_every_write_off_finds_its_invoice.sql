{{ config(severity='warn') }}
-- a write-off of an invoice or instalment that is unknown, deleted or void reduces nothing
-- fct_daily_flows makes the index by which the entries are found
-- depends_on: {{ ref('dim_buckets') }}, {{ ref('fct_daily_flows') }}
with

write_offs as (
    select * from {{ ref('int_sources__write_offs_united') }}
),

entries as (
    select * from {{ ref('fct_ledger_entries') }}
),

written_off as (
    select origin_id
    from entries
    where
        entry_type = 'written_off'
        and {{ is_known('entries', known_at()) }}
)

select
    write_offs.write_off_id,
    write_offs.invoice_id,
    write_offs.instalment_id,
    write_offs.written_off_amount
from write_offs
left join written_off on 'write_off:' || write_offs.write_off_id = written_off.origin_id
where
    not write_offs.is_deleted
    and {{ is_known('write_offs', known_at()) }}
    and written_off.origin_id is null
