{#- The two clocks: as of (when it took effect) and known at (when we had recorded it). -#}

{#- the run's date; a missing one stops the build instead of falling back on today -#}
{% macro as_of_date() -%}
    cast('{{ _required_var("as_of_date", "2026-06-30") }}' as date)
{%- endmacro %}

{% macro known_at() -%}
    {{ moment(_required_var("known_at", "2026-06-30T00:00:00+00:00")) }}
{%- endmacro %}

{#- What differs from run to run: from --vars or, as a run gives it, from the environment. A variable that changed makes
    dbt read the whole project anew (seconds); the environment, read only when a model is compiled, does not. -#}
{% macro of_this_run(name) -%}
    {%- if var(name) is not none -%}
        {{ return(var(name)) }}
    {%- endif -%}
    {{ return(env_var('CARTERA_' ~ name | upper, '') or none if execute else none) }}
{%- endmacro %}

{% macro _required_var(name, example) -%}
    {%- set value = of_this_run(name) -%}
    {%- if value is none and execute -%}
        {{ exceptions.raise_compiler_error("give the variable " ~ name ~ ", e.g. --vars '{" ~ name ~ ': "' ~ example ~ '"}' ~ "'") }}
    {%- endif -%}
    {{- value or example -}}
{%- endmacro %}

{% macro moment(iso) -%}
    cast('{{ iso }}' as timestamp with time zone)
{%- endmacro %}

{#- recorded_to of a version that still holds (cartera.clock.FOREVER) -#}
{% macro forever() -%}
    {{ moment('9999-12-31 00:00:00+00') }}
{%- endmacro %}

{#- the end of a stretch of days that has none yet -#}
{% macro forever_date() -%}
    cast('9999-12-31' as date)
{%- endmacro %}

{#- was this version alive at that moment? lives are [recorded_from, recorded_to) -#}
{% macro is_known(version, moment) -%}
    {{ version }}.recorded_from <= {{ moment }} and {{ version }}.recorded_to > {{ moment }}
{%- endmacro %}

{#- the end of a version as the build knew it: one that came later is for the next publication -#}
{% macro known_end() -%}
    case when recorded_to <= {{ known_at() }} then recorded_to else {{ forever() }} end
{%- endmacro %}

{#- two versions combine only while both live; later_start and earlier_end bound that time -#}
{% macro lives_overlap(one, other) -%}
    {{ one }}.recorded_from < {{ other }}.recorded_to and {{ other }}.recorded_from < {{ one }}.recorded_to
{%- endmacro %}

{% macro later_start(one, other) -%}
    greatest({{ one }}.recorded_from, {{ other }}.recorded_from)
{%- endmacro %}

{% macro earlier_end(one, other) -%}
    least({{ one }}.recorded_to, {{ other }}.recorded_to)
{%- endmacro %}

{#- the calendar day of a moment in UTC, whatever the session's time zone -#}
{% macro utc_date(moment) -%}
    {{ return(adapter.dispatch('utc_date', 'cartera')(moment)) }}
{%- endmacro %}

{% macro default__utc_date(moment) -%}
    cast({{ moment }} at time zone 'UTC' as date)
{%- endmacro %}

{#- a moment as text to the microsecond, the same in every session: for keys -#}
{% macro utc_text(moment) -%}
    {{ return(adapter.dispatch('utc_text', 'cartera')(moment)) }}
{%- endmacro %}

{% macro default__utc_text(moment) -%}
    cast(extract(epoch from {{ moment }}) as text)
{%- endmacro %}

{% macro is_month_end(date) -%}
    {{ date }} = {{ dbt.last_day(date, 'month') }}
{%- endmacro %}

{% macro days_between(first, last) -%}
    {{ dbt.datediff(first, last, 'day') }}
{%- endmacro %}

{#- the versions of a CTE, and before the first of each record one without values: so a left join on (source, key)
    and lives_overlap loses nothing of a record that was recorded before the other one. A staged row of two versions
    lives from joined_from to joined_to. The CTE has source, record_key, recorded_from, recorded_to. -#}
{% macro with_gaps(versions, columns) -%}
    select
        source,
        record_key,
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        recorded_from,
        recorded_to
    from {{ versions }}

    union all

    select
        source,
        record_key,
        {%- for column in columns %}
        (array_agg({{ column }}) filter (where false))[1] as {{ column }},
        {%- endfor %}
        {{ moment('0001-01-01 00:00:00+00') }} as recorded_from,
        min(recorded_from) as recorded_to
    from {{ versions }}
    group by source, record_key
{%- endmacro %}

{% macro joined_from(one, other) -%}
    greatest({{ one }}.recorded_from, coalesce({{ other }}.recorded_from, {{ one }}.recorded_from))
{%- endmacro %}

{% macro joined_to(one, other) -%}
    least({{ one }}.recorded_to, coalesce({{ other }}.recorded_to, {{ one }}.recorded_to))
{%- endmacro %}
