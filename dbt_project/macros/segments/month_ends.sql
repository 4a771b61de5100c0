{#- The month-ends that ended after one moment (or at it, when it is included) and not after another, UTC, numbered
    from 1: as_of_date, and known_at, the last microsecond of that day. -#}
{% macro month_ends(first, last, is_first_included) -%}
    {{ return(adapter.dispatch('month_ends', 'cartera')(first, last, is_first_included)) }}
{%- endmacro %}

{% macro default__month_ends(first, last, is_first_included) %}
    select
        cast(row_number() over (order by ended.as_of_date) as integer) as month_number,
        ended.as_of_date,
        ended.known_at
    from (
        select
            cast(next_month.begins - interval '1 day' as date) as as_of_date,
            (next_month.begins - interval '1 microsecond') at time zone 'UTC' as known_at
        from generate_series(
            date_trunc('month', {{ first }} at time zone 'UTC') + interval '1 month',
            date_trunc('month', {{ last }} at time zone 'UTC') + interval '1 month',
            interval '1 month'
        ) as next_month (begins)
    ) as ended
    where
        ended.known_at {{ '>=' if is_first_included else '>' }} {{ first }}
        and ended.known_at <= {{ last }}
{% endmacro %}

{#- customer_segments() at each of some month-ends, by what was known when it ended -#}
{% macro segments_at_month_ends(month_ends) -%}
    {{ return(adapter.dispatch('segments_at_month_ends', 'cartera')(month_ends)) }}
{%- endmacro %}

{% macro default__segments_at_month_ends(month_ends) %}
    select
        month_ends.month_number,
        month_ends.as_of_date,
        found.company_id,
        found.customer_id,
        found.scheme,
        found.segment
    from {{ month_ends }} as month_ends
    cross join lateral {{ this.schema }}.customer_segments(month_ends.as_of_date, month_ends.known_at) as found
{% endmacro %}
