with

movements as (
    select * from {{ ref('base_businesscentral__movements') }}
),

-- payment discounts, tolerances, rounding: whatever lowers a debt and is no application
renamed as (
    select
        -- ids
        source || ':' || record_key as write_off_id,
        source || ':' || cast(debit_entry_number as text) as invoice_id,
        cast(null as text) as instalment_id,
        source,

        -- attributes
        entry_type as reason,

        -- amounts
        settled_amount as written_off_amount,

        -- dates
        moved_date as write_off_date,
        cast(null as date) as reversed_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from movements
    where
        entry_type <> 'Application'
        and debit_kind = 'document'
)

select * from renamed
