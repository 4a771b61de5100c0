{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='contact_id',
        on_schema_change='fail',
        indexes=[{'columns': ['contact_id']}, {'columns': ['sent_date']}],
        post_hook="{{ analyze(this) }}",
    )
}}

with

contacts as {{ read_in_place() }} (
    select * from {{ contacts_of_customers() }}
),

-- a partial build: all versions of the contacts of which something was recorded since the last one
touched as (
    select distinct contacts.contact_id
    from contacts
    where {{ is_touched('contacts') }}
),

contacts_touched as (
    select
        contact_id,
        company_id,
        customer_id,
        policy_name,
        step_name,
        channel,
        is_automatic,
        currency_code,
        planned_date,
        sent_date,
        answered_date,
        planned_at,
        sent_at,
        delivered_at,
        answered_at,
        status,
        reason_code,
        answer_class,
        is_answered,
        is_right_party,
        cast(cost_amount as numeric(24, 6)) as cost_amount,
        cost_currency_code,
        recorded_from,
        recorded_to
    from contacts
    {% if is_incremental() and of_this_run('changed_since') is not none %}
        where contact_id in (select touched.contact_id from touched)
    {% endif %}
)

select * from contacts_touched
