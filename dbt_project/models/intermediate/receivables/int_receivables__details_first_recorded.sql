with

touched as (
    select * from {{ ref('int_ledger__documents_touched') }}
),

instalments as {{ read_in_place() }} (
    select * from {{ ref('int_sources__instalments_united') }}
),

allocations as {{ read_in_place() }} (
    select * from {{ ref('int_sources__allocations_united') }}
),

allocations_linked as (
    -- in detail of what its own source says: what moved to an invoice of another source says nothing of that one
    select
        stated_invoice_id as invoice_id,
        payment_id,
        credit_note_id,
        recorded_from
    from allocations
    where {{ only_touched('invoice', 'stated_invoice_id') }}

    union all

    -- an allocation may name only the instalment: the invoice is known once both are recorded
    select
        instalments.invoice_id,
        allocations.payment_id,
        allocations.credit_note_id,
        greatest(allocations.recorded_from, instalments.recorded_from) as recorded_from
    from instalments
    inner join allocations on instalments.instalment_id = allocations.instalment_id
    where
        allocations.stated_invoice_id is null
        and {{ only_touched('invoice', 'instalments.invoice_id') }}
),

details_unioned as (
    select
        invoice_id,
        recorded_from as itemised_at,
        cast(null as timestamp with time zone) as paid_in_detail_at,
        cast(null as timestamp with time zone) as credited_in_detail_at
    from instalments
    where {{ only_touched('invoice', 'invoice_id') }}

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
    where invoice_id is not null
    group by invoice_id
)

select * from firsts
