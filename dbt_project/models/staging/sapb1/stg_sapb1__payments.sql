with

parts as (
    select * from {{ ref('base_sapb1__payment_parts') }}
),

renamed as (
    select
        -- ids
        source || ':' || part_key as payment_id,
        cartera_company_id as company_id,
        source || ':' || "CardCode" as customer_id,
        source,

        -- attributes
        "CardCode" as customer_code,
        coalesce("TransferReference", "CounterReference", "DocNum", part_key) as document_number,
        case when coalesce("Cancelled", 'tNO') = 'tYES' then 'cancelled' else 'received' end as status,
        part_currency_code as currency_code,
        company_currency as company_currency_code,
        case
            when part_currency_code = currency and currency <> company_currency then nullif("DocRate", 0)
        end as document_fx_rate,

        -- amounts
        cast(part_amount as numeric(24, 6)) as payment_amount,

        -- dates
        "DocDate" as received_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from parts
)

select * from renamed
