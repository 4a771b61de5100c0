with

closed_days as (
    select * from {{ ref('stg_files__closed_days') }}
),

spine as (
    {{ day_spine() }}
),

days as (
    select cast(date_day as date) as calendar_date
    from spine
),

-- one source's word per day: the user's own settings before another list
closed_ranked as (
    select
        calendar_id,
        closed_date,
        name,
        next_business_date,
        previous_business_date,
        row_number() over (
            partition by calendar_id, closed_date
            order by case when source = 'settings' then 0 else 1 end, source
        ) as source_rank
    from closed_days
    where
        not is_deleted
        and {{ is_known('closed_days', known_at()) }}
),

closed as (
    select *
    from closed_ranked
    where source_rank = 1
),

-- of a year without one closed day nothing is known, and nothing is said
years as (
    select
        calendar_id,
        extract(year from min(closed_date)) as first_year,
        extract(year from max(closed_date)) as last_year
    from closed
    group by calendar_id

    union all

    select
        'none' as calendar_id,
        2000 as first_year,
        {{ last_spine_year() }} as last_year
),

described as (
    select
        years.calendar_id,
        days.calendar_date,
        closed.closed_date is null as is_business_day,
        coalesce(closed.name, case when closed.closed_date is not null then 'closed' end) as closed_day_name,
        coalesce(closed.next_business_date, days.calendar_date) as next_business_date,
        coalesce(closed.previous_business_date, days.calendar_date) as previous_business_date,
        cast(extract(year from days.calendar_date) as integer) as calendar_year,
        cast(extract(quarter from days.calendar_date) as integer) as calendar_quarter,
        cast(extract(month from days.calendar_date) as integer) as calendar_month,
        cast(extract(week from days.calendar_date) as integer) as iso_week
    from years
    inner join days
        on extract(year from days.calendar_date) between years.first_year and years.last_year
    left join closed
        on
            years.calendar_id = closed.calendar_id
            and days.calendar_date = closed.closed_date
)

select * from described
