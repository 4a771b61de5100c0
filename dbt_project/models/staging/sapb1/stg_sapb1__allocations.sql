with

matched as (
    select * from {{ ref('base_sapb1__settlements_matched') }}
),

renamed as (
    select
        -- ids
        match_id as allocation_id,
        case when credit_type = 'payment' then credit_id end as payment_id,
        case when credit_type = 'credit_note' then credit_id end as credit_note_id,
        debit_id as invoice_id,
        debit_id || ':' || instalment_number as instalment_id,
        source,

        -- amounts
        matched_amount as allocated_amount,

        -- dates
        matched_date as allocated_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from matched
    where
        debit_id is not null
        and credit_id is not null
)

select * from renamed
