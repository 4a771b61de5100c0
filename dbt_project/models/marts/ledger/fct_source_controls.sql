{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='invoice_id',
        on_schema_change='fail',
        indexes=[{'columns': ['invoice_id']}],
        post_hook="{{ analyze(this) }}",
    )
}}

with

invoices as {{ read_in_place() }} (
    select * from {{ ref('int_sources__invoices_united') }}
),

-- what no longer is a debt is reported as nothing, whatever its row still says
controls as (
    select
        -- ids
        invoice_id,
        company_id,

        -- amounts
        currency_code,
        cast(
            case when status in ('void', 'deleted', 'draft', 'elsewhere') then 0 else open_amount end as numeric(24, 6)
        ) as reported_amount,

        -- versions
        source,
        recorded_from,
        recorded_to
    from invoices
    where
        not is_deleted
        and document_type = 'invoice'
        and open_amount is not null
),

-- a partial build: all versions of the invoices touched since the last one
touched as (
    select distinct invoices.invoice_id
    from invoices
    where {{ is_touched('invoices') }}
),

controls_touched as (
    select *
    from controls
    {% if is_incremental() and of_this_run('changed_since') is not none %}
        where invoice_id in (select touched.invoice_id from touched)
    {% endif %}
)

select * from controls_touched
