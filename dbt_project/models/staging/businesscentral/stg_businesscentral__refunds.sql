with

movements as (
    select * from {{ ref('base_businesscentral__movements') }}
),

-- money paid back, or a payment that reverses another
money_debits as (
    select *
    from {{ source('businesscentral', 'detailed_customer_ledger_entries') }}
    where
        "entryType" = 'Initial Entry'
        and amount > 0
        and coalesce("dcleDocumentType", '') in ('Payment', 'Refund')
),

-- credit that was applied to it, or was lowered by a difference
of_settlements as (
    select
        source || ':' || record_key as refund_id,
        company_id,
        customer_code,
        case when credit_kind = 'money' then source || ':' || cast(credit_entry_number as text) end as payment_id,
        case when credit_kind = 'document' then source || ':' || cast(credit_entry_number as text) end
            as credit_note_id,
        source,
        record_key as document_number,
        currency_code,
        entry_type as reason,
        settled_amount as refunded_amount,
        moved_date as refund_date,
        is_deleted,
        recorded_from,
        recorded_to
    from movements
    where
        credit_entry_number is not null
        and coalesce(debit_kind, 'money') = 'money'
),

-- how much of it was settled, from each moment on at which that changed
changes as (
    select
        source,
        "cleEntryNo" as entry_number,
        recorded_from as changed_at,
        cast(0 as numeric(24, 6)) as settled_amount
    from money_debits

    union all

    select
        source,
        debit_entry_number as entry_number,
        recorded_from as changed_at,
        settled_amount
    from movements
    where
        debit_kind = 'money'
        and not is_deleted

    union all

    select
        source,
        debit_entry_number as entry_number,
        recorded_to as changed_at,
        -settled_amount as settled_amount
    from movements
    where
        debit_kind = 'money'
        and not is_deleted
        and recorded_to < {{ forever() }}
),

moments as (
    select
        source,
        entry_number,
        changed_at,
        sum(settled_amount) as settled_amount
    from changes
    group by source, entry_number, changed_at
),

settled as (
    select
        source,
        entry_number,
        sum(settled_amount) over (partition by source, entry_number order by changed_at) as settled_amount,
        changed_at as recorded_from,
        coalesce(
            lead(changed_at) over (partition by source, entry_number order by changed_at), {{ forever() }}
        ) as recorded_to
    from moments
),

-- what is applied to nothing is owed until it is
on_their_own as (
    select
        money_debits.source || ':rest:' || cast(money_debits."cleEntryNo" as text) as refund_id,
        money_debits.cartera_company_id as company_id,
        money_debits."customerNumber" as customer_code,
        cast(null as text) as payment_id,
        cast(null as text) as credit_note_id,
        money_debits.source,
        coalesce(money_debits."dcleDocumentNo", money_debits.record_key) as document_number,
        money_debits.currency as currency_code,
        money_debits."dcleDocumentType" as reason,
        greatest(money_debits.amount - settled.settled_amount, 0) as refunded_amount,
        money_debits."postingDate" as refund_date,
        money_debits.is_deleted or money_debits.amount <= settled.settled_amount as is_deleted,
        {{ later_start('money_debits', 'settled') }} as recorded_from,
        {{ earlier_end('money_debits', 'settled') }} as recorded_to
    from money_debits
    inner join settled
        on
            money_debits.source = settled.source
            and money_debits."cleEntryNo" = settled.entry_number
            and {{ lives_overlap('money_debits', 'settled') }}
),

unioned as (
    select * from of_settlements
    union all
    select * from on_their_own
),

renamed as (
    select
        -- ids
        refund_id,
        company_id,
        source || ':' || customer_code as customer_id,
        payment_id,
        credit_note_id,
        source,

        -- attributes
        customer_code,
        document_number,
        currency_code,
        reason,

        -- amounts
        cast(refunded_amount as numeric(24, 6)) as refunded_amount,

        -- dates
        refund_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from unioned
)

select * from renamed
