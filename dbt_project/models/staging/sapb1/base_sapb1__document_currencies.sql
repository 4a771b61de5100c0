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

-- by object type and number; the currency of a posted document does not change
unioned as (
    select
        source,
        '13:' || record_key as document_key,
        max(currency) as currency_code
    from invoices
    group by source, record_key

    union all

    select
        source,
        '14:' || record_key as document_key,
        max(currency) as currency_code
    from credit_notes
    group by source, record_key

    union all

    select
        source,
        '24:' || record_key as document_key,
        max(currency) as currency_code
    from incoming_payments
    group by source, record_key

    union all

    select
        source,
        '46:' || record_key as document_key,
        max(currency) as currency_code
    from outgoing_payments
    group by source, record_key
)

select * from unioned
