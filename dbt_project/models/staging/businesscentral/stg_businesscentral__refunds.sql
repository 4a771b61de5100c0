with

movements as (
    select * from {{ ref('base_businesscentral__movements') }}
),

-- credit that was applied to money paid back or to a payment that was reversed, or was lowered by a difference
renamed as (
    select
        -- ids
        source || ':' || record_key as refund_id,
        company_id,
        source || ':' || customer_code as customer_id,
        case when credit_kind = 'money' then source || ':' || cast(credit_entry_number as text) end as payment_id,
        case when credit_kind = 'document' then source || ':' || cast(credit_entry_number as text) end
            as credit_note_id,
        source,

        -- attributes
        customer_code,
        record_key as document_number,
        currency_code,
        entry_type as reason,

        -- amounts
        settled_amount as refunded_amount,

        -- dates
        moved_date as refund_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from movements
    where
        credit_entry_number is not null
        and coalesce(debit_kind, 'money') = 'money'
)

select * from renamed
