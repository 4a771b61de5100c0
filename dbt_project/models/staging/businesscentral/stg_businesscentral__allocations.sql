with

movements as (
    select * from {{ ref('base_businesscentral__movements') }}
),

renamed as (
    select
        -- ids
        source || ':' || record_key as allocation_id,
        case when credit_kind = 'money' then source || ':' || cast(credit_entry_number as text) end as payment_id,
        case when credit_kind = 'document' then source || ':' || cast(credit_entry_number as text) end
            as credit_note_id,
        source || ':' || cast(debit_entry_number as text) as invoice_id,
        cast(null as text) as instalment_id,
        source,

        -- amounts
        settled_amount as allocated_amount,

        -- dates
        moved_date as allocated_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from movements
    where
        entry_type = 'Application'
        and debit_kind = 'document'
)

select * from renamed
