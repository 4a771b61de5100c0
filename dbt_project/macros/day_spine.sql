{#- Every day from 2000 to the end of the third year after the run's: as far as calendars are landed. -#}
{% macro day_spine() -%}
    {{
        dbt.date_spine(
            datepart='day',
            start_date="cast('2000-01-01' as date)",
            end_date="cast('" ~ ((last_spine_year() | int) + 1) ~ "-01-01' as date)",
        )
    }}
{%- endmacro %}

{% macro last_spine_year() -%}
    {{ (of_this_run('as_of_date') or '2026-06-30')[:4] | int + 3 }}
{%- endmacro %}
