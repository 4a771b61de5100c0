with

matched as (
    select * from {{ ref('base_sapb1__settlements_matched') }}
),

lines as (
    select * from {{ ref('base_sapb1__payment_lines') }}
),

-- settled by a document that is not read, or given as cash discount
renamed as (
    select
        -- ids
        match_id as write_off_id,
        debit_id as invoice_id,
        debit_id || ':' || instalment_number as instalment_id,
        source,

        -- attributes
        'reconciled with another entry' as reason,

        -- amounts
        matched_amount as written_off_amount,

        -- dates
        matched_date as write_off_date,
        cast(null as date) as reversed_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from matched
    where
        debit_id is not null
        and credit_id is null

    union all

    select
        -- ids
        source || ':24:' || record_key || ':' || cast(line_number as text) || ':discount' as write_off_id,
        source || ':' || document_key as invoice_id,
        source || ':' || document_key || ':' || instalment_number as instalment_id,
        source,

        -- attributes
        'cash discount' as reason,

        -- amounts
        discount_amount as written_off_amount,

        -- dates
        payment_date as write_off_date,
        cast(null as date) as reversed_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from lines
    where
        payment_type = '24'
        and side = 'debit'
        and discount_amount > 0
)

select * from renamed
