{{ config(materialized='view') }}

with

elsewhere as (
    select * from {{ ref('int_receivables__payments_elsewhere') }}
),

-- as the build knew it: what lands later changes nothing here until the next publication
versions as (
    select
        document_type,
        document_id,
        company_id,
        customer_id,
        document_number,
        currency_code,
        document_amount,
        document_date,
        source,
        recorded_from,
        {{ known_end() }} as recorded_to
    from elsewhere
    where recorded_from <= {{ known_at() }}
)

select * from versions
