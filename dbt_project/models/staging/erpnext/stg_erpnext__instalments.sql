with

source as (
    select * from {{ source('erpnext', 'sales_invoice') }}
),

-- the schedule is part of the invoice: a row lives as long as the version that has it
scheduled as (
    select
        source.*,
        item
    from source
    {{ json_items('source.payment_schedule', 'item') }}
    where not coalesce(source.is_return, false)
),

renamed as (
    select
        -- ids
        source || ':' || {{ json_text('item', 'name') }} as instalment_id,
        source || ':' || name as invoice_id,
        source,

        -- amounts
        cast(
            case
                when coalesce(party_account_currency, currency) = currency
                    then {{ json_text('item', 'payment_amount') }}
                else {{ json_text('item', 'base_payment_amount') }}
            end as numeric(24, 6)
        ) as instalment_amount,

        -- dates
        cast({{ json_text('item', 'due_date') }} as date) as due_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from scheduled
)

select * from renamed
