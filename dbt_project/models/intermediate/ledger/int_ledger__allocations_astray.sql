{{ config(materialized='table', unlogged=true, post_hook="{{ analyze(this) }}") }}

with

allocations as (
    select * from {{ ref('int_sources__allocations_united') }}
),

entries as (
    select * from {{ ref('fct_ledger_entries') }}
),

entries_known as (
    select origin_id
    from entries
    where
        entry_type in ('applied', 'credited')
        and {{ is_known('entries', known_at()) }}
),

astray as (
    select
        allocations.allocation_id,
        allocations.payment_id,
        allocations.credit_note_id,
        allocations.invoice_id,
        allocations.instalment_id,
        allocations.allocated_amount
    from allocations
    where
        not allocations.is_deleted
        and {{ is_known('allocations', known_at()) }}
        and not exists (
            select 1
            from entries_known
            where entries_known.origin_id = 'allocation:' || allocations.allocation_id
        )
)

select * from astray
