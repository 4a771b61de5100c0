{#- DSO by counting back: take the latest month's net sales off AR, then the month before, until AR is used
    up; the last month counts for its part. A month without sales above zero ends the count (Oracle's rule),
    and so does the beginning of history; what is counted then is a lower bound.

    month: 'calendar' (the month of the as-of date up to it, then whole months with their own days) or
    '30_day' (spans of 30 days back from the as-of date). daily_flows: see kpi_daily_flows; balances:
    relation of grain and ar_amount. -#}
{% macro kpi_countback(grain, month, as_of, daily_flows, balances) %}
    {%- set keys = grain | join(', ') %}
    with

    sales as (
        select
            {{ keys }},
            invoiced_amount - credit_noted_amount as amount,
            missing_rate,
            cast({{ dbt.date_trunc('month', 'effective_date') }} as date) as month_start_date,
            {{ days_between('effective_date', as_of) }} as days_ago
        from {{ daily_flows }} as daily_flows
        where
            invoiced_amount <> 0
            or credit_noted_amount <> 0
            or invoiced_amount is null
            or credit_noted_amount is null
    ),

    sales_placed as (
        select
            {{ keys }},
            amount,
            missing_rate,
            {%- if month == 'calendar' %}
            cast({{ dbt.datediff('month_start_date', as_of, 'month') }} as integer) as months_ago,
            {{
                days_between(
                    'month_start_date',
                    'least(cast(' ~ dbt.dateadd('month', 1, 'month_start_date') ~ ' as date), cast('
                    ~ dbt.dateadd('day', 1, as_of) ~ ' as date))'
                )
            }} as month_days
            {%- else %}
            (days_ago - mod(days_ago, 30)) / 30 as months_ago,
            30 as month_days
            {%- endif %}
        from sales
    ),

    months as (
        select
            {{ keys }},
            months_ago,
            month_days,
            {{ sum_known('amount') }} as sales_amount,
            min(missing_rate) as missing_rate
        from sales_placed
        group by {{ keys }}, months_ago, month_days
    ),

    first_months as (
        select
            {{ keys }},
            max(months_ago) as months_ago
        from months
        group by {{ keys }}
    ),

    months_with_sales as (
        select
            {{ keys }},
            months_ago,
            month_days,
            sales_amount,
            row_number() over (partition by {{ keys }} order by months_ago) - 1 as position,
            coalesce(
                sum(sales_amount) over (
                    partition by {{ keys }}
                    order by months_ago
                    rows between unbounded preceding and 1 preceding
                ),
                0
            ) as later_sales_amount
        from months
        where sales_amount > 0
    ),

    -- the months without a gap from the latest back: their position is their age
    counted as (
        select
            {{ keys }},
            ar_amount,
            sum(
                month_days * least(sales_amount, greatest(ar_amount - later_sales_amount, 0)) / sales_amount
            ) as counted_days,
            sum(case when later_sales_amount < ar_amount then sales_amount else 0 end) as counted_amount,
            max(months_ago) as last_months_ago
        from months_with_sales
        inner join {{ balances }} as balances using ({{ keys }})
        where months_ago = position
        group by {{ keys }}, ar_amount
    ),

    -- the latest month whose sales lack a rate: it ends the count like one without sales
    months_missing as (
        select
            {{ keys }},
            min(months_ago) as months_ago,
            min(missing_rate) as missing_rate
        from months
        where sales_amount is null
        group by {{ keys }}
    ),

    judged as (
        select
            {{ keys }},
            balances.ar_amount,
            counted.counted_days,
            counted.counted_amount,
            coalesce(balances.missing_rate, months_missing.missing_rate) as missing_rate,
            case
                when balances.ar_amount is null then 'no_rate'
                when balances.ar_amount = 0 then 'exhausted'
                when balances.ar_amount <= counted.counted_amount then 'exhausted'
                when months_missing.months_ago = coalesce(counted.last_months_ago + 1, 0) then 'no_rate'
                when counted.counted_amount is null then 'no_sales'
                when first_months.months_ago > counted.last_months_ago then 'gap'
                else 'history'
            end as ending
        from {{ balances }} as balances
        left join counted using ({{ keys }})
        left join first_months using ({{ keys }})
        left join months_missing using ({{ keys }})
    )

    select
        {{ keys }},
        'dso_countback_{{ 'calendar' if month == 'calendar' else '30_day_months' }}' as kpi,
        case when ar_amount = 0 then 0 when ending <> 'no_rate' then counted_days end as value,
        ar_amount as numerator,
        counted_amount as denominator,
        case ending
            when 'no_rate' then missing_rate
            when 'no_sales' then 'no sales in the latest month to count back from'
            when 'gap' then 'lower bound: a month without sales ends the count'
            when 'history' then 'lower bound: AR exceeds all sales on record'
        end as reason
    from judged
{% endmacro %}
