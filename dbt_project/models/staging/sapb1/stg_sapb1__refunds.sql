with

matched as (
    select * from {{ ref('base_sapb1__settlements_matched') }}
),

credit_notes as (
    select * from {{ source('sapb1', 'credit_notes') }}
),

incoming_payments as (
    select * from {{ source('sapb1', 'incoming_payments') }}
),

journal_entries as (
    select * from {{ source('sapb1', 'journal_entries') }}
),

companies as (
    select
        source || ':14:' || record_key as credit_id,
        max(cartera_company_id) as company_id
    from credit_notes
    group by source, record_key

    union all

    select
        source || ':24:' || record_key as credit_id,
        max(cartera_company_id) as company_id
    from incoming_payments
    group by source, record_key

    union all

    select
        journal_entries.source || ':30:' || journal_entries.record_key
        || ':' || {{ json_text('item', 'Line_ID') }} as credit_id,
        max(journal_entries.cartera_company_id) as company_id
    from journal_entries
    {{ json_items('journal_entries."CustomerLines"', 'item') }}
    group by journal_entries.source, journal_entries.record_key, {{ json_text('item', 'Line_ID') }}
),

-- credit that was used up by what is no invoice: money paid back, or a document that is not read
renamed as (
    select
        -- ids
        matched.match_id as refund_id,
        companies.company_id,
        matched.source || ':' || matched.customer_code as customer_id,
        case when matched.credit_type = 'payment' then matched.credit_id end as payment_id,
        case when matched.credit_type = 'credit_note' then matched.credit_id end as credit_note_id,
        matched.source,

        -- attributes
        matched.customer_code,
        matched.match_id as document_number,
        matched.currency_code,
        case
            when matched.match_id like matched.source || ':46:%' then 'outgoing payment'
            else 'reconciled with another entry'
        end as reason,

        -- amounts
        matched.matched_amount as refunded_amount,

        -- dates
        matched.matched_date as refund_date,

        -- versions
        matched.is_deleted,
        matched.recorded_from,
        matched.recorded_to
    from matched
    inner join companies on matched.credit_id = companies.credit_id
    where
        matched.debit_id is null
        and matched.credit_id is not null
)

select * from renamed
