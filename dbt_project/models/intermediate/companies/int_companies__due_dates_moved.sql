{{ config(materialized='table', unlogged=true, post_hook="{{ analyze(this) }}") }}

with

settings as (
    select * from {{ ref('int_companies__settings_resolved') }}
),

closed_days as (
    select * from {{ ref('stg_files__closed_days') }}
),

spans as (
    {{ spans_of(['closed_days'], ['calendar_id', 'closed_date']) }}
),

closed_ranked as (
    select
        spans.calendar_id,
        spans.closed_date,
        coalesce(closed_days.next_business_date, spans.closed_date) as next_business_date,
        coalesce(closed_days.previous_business_date, spans.closed_date) as previous_business_date,
        spans.recorded_from,
        spans.recorded_to,
        row_number() over (
            partition by spans.calendar_id, spans.closed_date, spans.recorded_from
            order by case when closed_days.source = 'settings' then 0 else 1 end, closed_days.source
        ) as source_rank
    from spans
    left join closed_days
        on
            spans.calendar_id = closed_days.calendar_id
            and spans.closed_date = closed_days.closed_date
            and not closed_days.is_deleted
            and {{ is_known('closed_days', 'spans.recorded_from') }}
),

closed as (
    select *
    from closed_ranked
    where source_rank = 1
),

-- the days on which some due date of the company may ever have moved
days as (
    select distinct
        settings.company_id,
        closed.closed_date
    from settings
    inner join closed on settings.calendar_id = closed.calendar_id
    where settings.due_date_rule <> 'as_stated'
),

days_moved as (
    select
        days.company_id,
        days.closed_date as stated_due_date,
        case settings.due_date_rule
            when 'next_business_day' then coalesce(closed.next_business_date, days.closed_date)
            when 'previous_business_day' then coalesce(closed.previous_business_date, days.closed_date)
            else days.closed_date
        end as due_date,
        {{ joined_from('settings', 'closed') }} as recorded_from
    from days
    inner join settings on days.company_id = settings.company_id
    left join closed
        on
            settings.calendar_id = closed.calendar_id
            and days.closed_date = closed.closed_date
            and {{ lives_overlap('settings', 'closed') }}
),

moved as (
    {{ stretches_of('days_moved', ['company_id', 'stated_due_date'], ['due_date']) }}
)

select * from moved
