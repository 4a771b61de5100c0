{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['company_id', 'customer_id', 'scheme', 'valid_from'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['customer_id', 'company_id', 'scheme', 'valid_from'], 'unique': true},
        ],
        post_hook="{{ analyze(this) }}",
    )
}}

-- the function customer_segments is made after: {{ ref('fct_customer_segments') }}
{%- set is_addition = is_incremental() and is_partial_build() %}

with

segment_rules as (
    select * from {{ ref('dim_segment_rules') }}
),

-- what was known when a month ended does not change: only the months that ended since the last build are judged
beginnings as (
    select {{ moment(of_this_run('changed_since')) if is_addition else 'min(recorded_from)' }} as begins_at
    from segment_rules
    having count(*) > 0
),

month_ends as (
    {{ month_ends('(select beginnings.begins_at from beginnings)', known_at(), not is_addition) }}
),

memberships_judged as (
    {{ segments_at_month_ends('month_ends') }}
),

points as (
    select
        company_id,
        customer_id,
        scheme,
        segment,
        month_number,
        as_of_date as valid_from
    from memberships_judged
    {%- if is_addition %}

        union all

        -- where each customer was before; a build that was killed may have ended it already
        select
            last_membership.company_id,
            last_membership.customer_id,
            last_membership.scheme,
            last_membership.segment,
            0 as month_number,
            last_membership.valid_from
        from {{ this }} as last_membership
        inner join month_ends
            on
                month_ends.month_number = 1
                and last_membership.valid_from < month_ends.as_of_date
                and last_membership.valid_to >= month_ends.as_of_date
    {%- endif %}
),

changes_marked as (
    select
        points.*,
        case
            when
                lag(segment) over months_so_far = segment
                and lag(month_number) over months_so_far = month_number - 1
                then 0
            else 1
        end as is_change
    from points
    window months_so_far as (partition by company_id, customer_id, scheme order by month_number)
),

stretches_numbered as (
    select
        changes_marked.*,
        sum(is_change) over (
            partition by company_id, customer_id, scheme
            order by month_number
            rows between unbounded preceding and current row
        ) as stretch_number
    from changes_marked
),

stretches as (
    select
        company_id,
        customer_id,
        scheme,
        segment,
        min(valid_from) as valid_from,
        min(month_number) as first_month_number,
        max(month_number) as last_month_number
    from stretches_numbered
    group by
        company_id,
        customer_id,
        scheme,
        segment,
        stretch_number
),

memberships as (
    select
        stretches.company_id,
        stretches.customer_id,
        stretches.scheme,
        stretches.segment,
        stretches.valid_from,
        coalesce(month_ends.as_of_date, {{ forever_date() }}) as valid_to
    from stretches
    left join month_ends on stretches.last_month_number + 1 = month_ends.month_number
    where
        stretches.first_month_number > 0
        or month_ends.as_of_date is not null
)

select * from memberships
