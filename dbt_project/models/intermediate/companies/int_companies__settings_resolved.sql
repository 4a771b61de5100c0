{{ config(materialized='table', unlogged=true, post_hook="{{ analyze(this) }}") }}

with

companies as (
    select * from {{ ref('stg_files__companies') }}
),

spans as (
    {{ spans_of(['companies'], ['company_id']) }}
),

-- what the user wrote in companies.yaml goes before what another source says
settings_ranked as (
    select
        spans.company_id,
        companies.name,
        companies.company_currency_code,
        companies.calendar_id,
        companies.due_date_rule,
        companies.company_id is not null as is_set,
        spans.recorded_from,
        spans.recorded_to,
        row_number() over (
            partition by spans.company_id, spans.recorded_from
            order by case when companies.source = 'settings' then 0 else 1 end, companies.source
        ) as source_rank
    from spans
    left join companies
        on
            spans.company_id = companies.company_id
            and not companies.is_deleted
            and {{ is_known('companies', 'spans.recorded_from') }}
),

settings as (
    select
        company_id,
        name,
        company_currency_code,
        calendar_id,
        due_date_rule,
        is_set,
        recorded_from,
        recorded_to
    from settings_ranked
    where source_rank = 1
)

select * from settings
