with

invoices as (
    select * from {{ source('sapb1', 'invoices') }}
),

credit_notes as (
    select * from {{ source('sapb1', 'credit_notes') }}
),

incoming_payments as (
    select * from {{ source('sapb1', 'incoming_payments') }}
),

outgoing_payments as (
    select * from {{ source('sapb1', 'outgoing_payments') }}
),

journal_entries as (
    select * from {{ source('sapb1', 'journal_entries') }}
),

journal_lines as (
    select
        journal_entries.source,
        journal_entries.record_key || ':' || {{ json_text('item', 'Line_ID') }} as record_key,
        {{ json_text('item', 'currency') }} as currency,
        cast({{ json_text('item', 'Amount') }} as numeric(24, 6)) as amount
    from journal_entries
    {{ json_items('journal_entries."CustomerLines"', 'item') }}
),

-- by object type and number, of journal entries and line; the currency of a posted document does not change
unioned as (
    select
        source,
        '13:' || record_key as document_key,
        'debit' as side,
        max(currency) as currency_code
    from invoices
    group by source, record_key

    union all

    select
        source,
        '14:' || record_key as document_key,
        'credit' as side,
        max(currency) as currency_code
    from credit_notes
    group by source, record_key

    union all

    select
        source,
        '24:' || record_key as document_key,
        'credit' as side,
        max(currency) as currency_code
    from incoming_payments
    group by source, record_key

    union all

    select
        source,
        '46:' || record_key as document_key,
        'debit' as side,
        max(currency) as currency_code
    from outgoing_payments
    group by source, record_key

    union all

    select
        source,
        '30:' || record_key as document_key,
        case when max(amount) > 0 then 'debit' else 'credit' end as side,
        max(currency) as currency_code
    from journal_lines
    group by source, record_key
)

select * from unioned
