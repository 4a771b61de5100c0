-- three models read it, and each view of them would work all of it out again
{{ config(materialized='table', unlogged=true, post_hook="{{ analyze(this) }}") }}

with

entries as (
    select * from {{ source('businesscentral', 'detailed_customer_ledger_entries') }}
),

-- what the ledger says of an entry does not change, but for its dates
entries_known as (
    select
        source,
        record_key,
        max("entryNumber") as entry_number,
        max("entryType") as entry_type,
        max("cleEntryNo") as ledger_entry_number,
        max("dcleAppliedCustLedgerEntryNo") as applied_entry_number,
        max("dcleDocumentType") as document_type,
        max(currency) as currency_code,
        max(amount) as amount,
        min(recorded_from) as known_from
    from entries
    where not is_deleted
    group by source, record_key
),

openings as (
    select
        source,
        ledger_entry_number,
        currency_code,
        amount > 0 as is_debit,
        case
            when coalesce(document_type, '') in ('Payment', 'Refund') then 'money'
            else 'document'
        end as kind
    from entries_known
    where entry_type = 'Initial Entry'
),

-- an application that is taken back gets an entry like it with the other sign, as do discounts and differences with it
numbered as (
    select
        entries_known.*,
        openings.is_debit,
        openings.kind,
        openings.is_debit = (entries_known.amount < 0) as is_settling,
        row_number() over (
            partition by
                entries_known.source,
                entries_known.ledger_entry_number,
                entries_known.applied_entry_number,
                entries_known.entry_type,
                entries_known.amount
            order by cast(entries_known.entry_number as bigint)
        ) as position
    from entries_known
    inner join openings
        on
            entries_known.source = openings.source
            and entries_known.ledger_entry_number = openings.ledger_entry_number
    where
        entries_known.entry_type <> 'Initial Entry'
        and entries_known.amount <> 0
),

settled as (
    select
        numbered.source,
        numbered.record_key,
        numbered.entry_type,
        numbered.ledger_entry_number,
        numbered.applied_entry_number,
        numbered.is_debit,
        numbered.kind,
        numbered.currency_code,
        abs(numbered.amount) as settled_amount,
        taken_back.known_from as taken_back_from
    from numbered
    left join numbered as taken_back
        on
            numbered.source = taken_back.source
            and numbered.ledger_entry_number = taken_back.ledger_entry_number
            and coalesce(numbered.applied_entry_number, 0) = coalesce(taken_back.applied_entry_number, 0)
            and numbered.entry_type = taken_back.entry_type
            and numbered.amount = -taken_back.amount
            and numbered.position = taken_back.position
            and not taken_back.is_settling
    where numbered.is_settling
),

-- of an application the later of two entries holds one row of its own, which says nothing more
paired as (
    select
        settled.*,
        case
            when settled.entry_type <> 'Application' then null
            when settled.is_debit then settled.applied_entry_number
            else settled.ledger_entry_number
        end as credit_entry_number,
        case
            when settled.entry_type <> 'Application' then null
            when settled.is_debit then settled.ledger_entry_number
            else settled.applied_entry_number
        end as debit_entry_number
    from settled
    where
        settled.entry_type <> 'Application'
        or settled.ledger_entry_number <> settled.applied_entry_number
),

placed as (
    select
        paired.source,
        paired.record_key,
        paired.entry_type,
        coalesce(paired.debit_entry_number, case when paired.is_debit then paired.ledger_entry_number end)
            as debit_entry_number,
        coalesce(paired.credit_entry_number, case when not paired.is_debit then paired.ledger_entry_number end)
            as credit_entry_number,
        case when paired.is_debit then paired.kind else others.kind end as debit_kind,
        case when paired.is_debit then others.kind else paired.kind end as credit_kind,
        paired.currency_code,
        paired.settled_amount,
        paired.taken_back_from
    from paired
    left join openings as others
        on
            paired.source = others.source
            and paired.applied_entry_number = others.ledger_entry_number
            and paired.entry_type = 'Application'
),

movements as (
    select
        entries.source,
        entries.record_key,
        entries.cartera_company_id as company_id,
        entries."customerNumber" as customer_code,
        entries."postingDate" as moved_date,
        placed.entry_type,
        placed.debit_entry_number,
        placed.credit_entry_number,
        placed.debit_kind,
        placed.credit_kind,
        placed.currency_code,
        placed.settled_amount,
        placed.taken_back_from,
        entries.is_deleted,
        entries.recorded_from,
        entries.recorded_to
    from entries
    inner join placed
        on
            entries.source = placed.source
            and entries.record_key = placed.record_key
),

lives as (
    select
        source,
        record_key,
        company_id,
        customer_code,
        moved_date,
        entry_type,
        debit_entry_number,
        credit_entry_number,
        debit_kind,
        credit_kind,
        currency_code,
        settled_amount,
        is_deleted,
        recorded_from,
        least(recorded_to, coalesce(taken_back_from, recorded_to)) as recorded_to
    from movements
    where
        taken_back_from is null
        or recorded_from < taken_back_from

    union all

    -- since it was taken back
    select
        source,
        record_key,
        company_id,
        customer_code,
        moved_date,
        entry_type,
        debit_entry_number,
        credit_entry_number,
        debit_kind,
        credit_kind,
        currency_code,
        settled_amount,
        true as is_deleted,
        greatest(recorded_from, taken_back_from) as recorded_from,
        recorded_to
    from movements
    where
        taken_back_from is not null
        and recorded_to > taken_back_from
)

select * from lives
