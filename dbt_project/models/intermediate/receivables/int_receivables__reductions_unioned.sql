with

touched as (
    select * from {{ ref('int_ledger__documents_touched') }}
),

allocations as (
    select * from {{ ref('int_sources__allocations_united') }}
),

write_offs as {{ read_in_place() }} (
    select * from {{ ref('int_sources__write_offs_united') }}
),

wide_settlements as (
    select * from {{ ref('int_receivables__wide_settlements_derived') }}
),

allocations_kept as (
    select
        'allocation:' || allocation_id as origin_id,
        case when payment_id is not null then 'applied' else 'credited' end as entry_type,
        coalesce('payment:' || payment_id, 'credit_note:' || credit_note_id) as settlement_id,
        invoice_id,
        instalment_id,
        source,
        allocated_amount as reduction_amount,
        allocated_date as reduction_date,
        recorded_from,
        recorded_to
    from allocations
    where
        not is_deleted
        and {{ only_touched('allocation', 'allocation_id') }}
),

write_offs_kept as (
    select
        'write_off:' || write_off_id as origin_id,
        'written_off' as entry_type,
        cast(null as text) as settlement_id,
        invoice_id,
        instalment_id,
        source,
        written_off_amount as reduction_amount,
        write_off_date as reduction_date,
        recorded_from,
        recorded_to
    from write_offs
    where
        not is_deleted
        and {{ only_touched('write_off', 'write_off_id') }}
),

-- what was written off is owed again, from the day on which the write-off is taken back
write_offs_reversed as (
    select
        'write_off:' || write_off_id as origin_id,
        'write_off_reversed' as entry_type,
        cast(null as text) as settlement_id,
        invoice_id,
        instalment_id,
        source,
        -written_off_amount as reduction_amount,
        greatest(reversed_date, write_off_date) as reduction_date,
        recorded_from,
        recorded_to
    from write_offs
    where
        not is_deleted
        and reversed_date is not null
        and {{ only_touched('write_off', 'write_off_id') }}
),

wide_allocations as (
    select
        origin_id,
        entry_type,
        item_id as settlement_id,
        invoice_id,
        cast(null as text) as instalment_id,
        source,
        applied_amount as reduction_amount,
        cast(null as date) as reduction_date,
        recorded_from,
        recorded_to
    from wide_settlements
    where applied_amount > 0
),

unioned as (
    select * from allocations_kept
    union all
    select * from write_offs_kept
    union all
    select * from write_offs_reversed
    union all
    select * from wide_allocations
)

select * from unioned
