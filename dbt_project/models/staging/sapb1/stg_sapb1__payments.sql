with

parts as (
    select * from {{ ref('base_sapb1__payment_parts') }}
),

journal_entries as (
    select * from {{ source('sapb1', 'journal_entries') }}
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

    union all

    -- what a journal entry credits a customer
    select
        -- ids
        journal_entries.source || ':30:' || journal_entries.record_key
        || ':' || {{ json_text('item', 'Line_ID') }} as payment_id,
        journal_entries.cartera_company_id as company_id,
        journal_entries.source || ':' || {{ json_text('item', 'ShortName') }} as customer_id,
        journal_entries.source,

        -- attributes
        {{ json_text('item', 'ShortName') }} as customer_code,
        coalesce(
            journal_entries."Reference", 'journal ' || coalesce(journal_entries."Number", journal_entries.record_key)
        ) as document_number,
        'received' as status,
        {{ json_text('item', 'currency') }} as currency_code,
        journal_entries.company_currency as company_currency_code,
        case
            when {{ json_text('item', 'currency') }} <> journal_entries.company_currency
                then round(
                    cast({{ json_text('item', 'LocalAmount') }} as numeric(24, 6))
                    / cast({{ json_text('item', 'Amount') }} as numeric(24, 6)),
                    12
                )
        end as document_fx_rate,

        -- amounts
        -cast({{ json_text('item', 'Amount') }} as numeric(24, 6)) as payment_amount,

        -- dates
        journal_entries."ReferenceDate" as received_date,

        -- versions
        journal_entries.is_deleted,
        journal_entries.recorded_from,
        journal_entries.recorded_to
    from journal_entries
    {{ json_items('journal_entries."CustomerLines"', 'item') }}
    where cast({{ json_text('item', 'Amount') }} as numeric(24, 6)) < 0
)

select * from renamed
