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

applications as (
    select
        settled.*,
        others.kind as other_kind,
        coalesce(others.currency_code <> settled.currency_code, false) as is_converted
    from settled
    left join openings as others
        on
            settled.source = others.source
            and settled.applied_entry_number = others.ledger_entry_number
            and settled.entry_type = 'Application'
    where
        settled.entry_type <> 'Application'
        or settled.ledger_entry_number <> settled.applied_entry_number
),

-- of an application the later of two entries holds one row of its own, of the same amount, which says nothing more
own_rows as (
    select
        source,
        record_key,
        ledger_entry_number,
        settled_amount,
        row_number() over (
            partition by source, ledger_entry_number, settled_amount
            order by cast(record_key as bigint)
        ) as position
    from settled
    where
        entry_type = 'Application'
        and ledger_entry_number = applied_entry_number
),

told_twice as (
    select
        source,
        applied_entry_number,
        settled_amount,
        row_number() over (
            partition by source, applied_entry_number, settled_amount
            order by cast(record_key as bigint)
        ) as position
    from applications
    where
        entry_type = 'Application'
        and not is_converted
),

converted as (
    select distinct
        source,
        applied_entry_number
    from applications
    where is_converted
),

-- but where it was applied to one in another currency: then it alone says how much of the later one was used
own_rows_converted as (
    select
        own_rows.source,
        own_rows.record_key
    from own_rows
    inner join converted
        on
            own_rows.source = converted.source
            and own_rows.ledger_entry_number = converted.applied_entry_number
    left join told_twice
        on
            own_rows.source = told_twice.source
            and own_rows.ledger_entry_number = told_twice.applied_entry_number
            and own_rows.settled_amount = told_twice.settled_amount
            and own_rows.position = told_twice.position
    where told_twice.source is null
),

-- what was applied across currencies lowers either side in its own
placed as (
    select
        source,
        record_key,
        case when is_converted then 'Application in another currency' else entry_type end as entry_type,
        case
            when is_debit then ledger_entry_number
            when entry_type = 'Application' and not is_converted then applied_entry_number
        end as debit_entry_number,
        case
            when not is_debit then ledger_entry_number
            when entry_type = 'Application' and not is_converted then applied_entry_number
        end as credit_entry_number,
        case when is_debit then kind when not is_converted then other_kind end as debit_kind,
        case when not is_debit then kind when not is_converted then other_kind end as credit_kind,
        currency_code,
        settled_amount,
        taken_back_from
    from applications

    union all

    select
        settled.source,
        settled.record_key,
        'Application in another currency' as entry_type,
        case when settled.is_debit then settled.ledger_entry_number end as debit_entry_number,
        case when not settled.is_debit then settled.ledger_entry_number end as credit_entry_number,
        case when settled.is_debit then settled.kind end as debit_kind,
        case when not settled.is_debit then settled.kind end as credit_kind,
        settled.currency_code,
        settled.settled_amount,
        settled.taken_back_from
    from settled
    inner join own_rows_converted
        on
            settled.source = own_rows_converted.source
            and settled.record_key = own_rows_converted.record_key
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

halves as (
    select false as is_after
    union all
    select true as is_after
),

-- until and since it was taken back
lives as (
    select
        movements.source,
        movements.record_key,
        movements.company_id,
        movements.customer_code,
        movements.moved_date,
        movements.entry_type,
        movements.debit_entry_number,
        movements.credit_entry_number,
        movements.debit_kind,
        movements.credit_kind,
        movements.currency_code,
        movements.settled_amount,
        movements.is_deleted or halves.is_after as is_deleted,
        case
            when halves.is_after then greatest(movements.recorded_from, movements.taken_back_from)
            else movements.recorded_from
        end as recorded_from,
        case
            when halves.is_after then movements.recorded_to
            else least(movements.recorded_to, coalesce(movements.taken_back_from, movements.recorded_to))
        end as recorded_to
    from movements
    cross join halves
    where
        (halves.is_after and movements.recorded_to > movements.taken_back_from)
        or (
            not halves.is_after
            and (movements.taken_back_from is null or movements.recorded_from < movements.taken_back_from)
        )
)

select * from lives
