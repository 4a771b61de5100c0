{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ forget_touched('allocation', 'allocation_id') }}",
        post_hook="{{ analyze(this) }}",
    )
}}

with

touched as (
    select * from {{ ref('int_ledger__documents_touched') }}
),

allocations as (
    select * from {{ ref('int_sources__allocations_united') }}
),

reductions as (
    select * from {{ ref('int_ledger__reductions_settled') }}
),

payments_elsewhere as (
    select * from {{ ref('int_receivables__payments_elsewhere') }}
),

applied as (
    select origin_id
    from reductions
    where {{ is_known('reductions', known_at()) }}
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
        and {{ only_touched('allocation', 'allocations.allocation_id') }}
        and not exists (
            select 1
            from applied
            where applied.origin_id = 'allocation:' || allocations.allocation_id
        )
        and not exists (
            select 1
            from payments_elsewhere
            where
                payments_elsewhere.document_type = 'payment'
                and payments_elsewhere.document_id = allocations.payment_id
                and {{ is_known('payments_elsewhere', known_at()) }}
        )
)

select * from astray
