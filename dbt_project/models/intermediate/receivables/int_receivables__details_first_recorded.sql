with

touched as (
    select * from {{ ref('int_ledger__documents_touched') }}
),

instalments as (
    select * from {{ ref('int_sources__instalments_united') }}
),

allocations as (
    select * from {{ ref('int_sources__allocations_united') }}
),

-- an allocation may name only the instalment: the invoice is known once both are recorded
allocations_linked as (
    select
        coalesce(allocations.invoice_id, instalments.invoice_id) as invoice_id,
        allocations.payment_id,
        allocations.credit_note_id,
        greatest(
            allocations.recorded_from,
            coalesce(instalments.recorded_from, allocations.recorded_from)
        ) as recorded_from
    from allocations
    left join instalments
        on
            allocations.instalment_id = instalments.instalment_id
            and allocations.invoice_id is null
),

details_unioned as (
    select
        invoice_id,
        recorded_from as itemised_at,
        cast(null as timestamp with time zone) as paid_in_detail_at,
        cast(null as timestamp with time zone) as credited_in_detail_at
    from instalments

    union all

    select
        invoice_id,
        null as itemised_at,
        case when payment_id is not null then recorded_from end as paid_in_detail_at,
        case when credit_note_id is not null then recorded_from end as credited_in_detail_at
    from allocations_linked
),

firsts as (
    select
        invoice_id,
        coalesce(min(itemised_at), {{ forever() }}) as itemised_at,
        coalesce(min(paid_in_detail_at), {{ forever() }}) as paid_in_detail_at,
        coalesce(min(credited_in_detail_at), {{ forever() }}) as credited_in_detail_at
    from details_unioned
    where
        invoice_id is not null
        and {{ only_touched('invoice', 'invoice_id') }}
    group by invoice_id
)

select * from firsts
