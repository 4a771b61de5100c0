{#- The moments at which a key changed, from the beginning of time on: select lines for a CTE. Joined to what was
    alive at each, they leave no gap, so a join of lives with them loses nothing. -#}
{% macro moments_of(versions, keys) -%}
    select
        {{ keys | join(', ') }},
        {{ moment('1970-01-01 00:00:00+00') }} as recorded_from
    from {{ versions }}
    union distinct
    select
        {{ keys | join(', ') }},
        recorded_from
    from {{ versions }}
    union distinct
    select
        {{ keys | join(', ') }},
        recorded_to as recorded_from
    from {{ versions }}
    where recorded_to < {{ forever() }}
{%- endmacro %}

{#- the end of a life that lasts until the next begins -#}
{% macro until_next(keys) -%}
    lead(recorded_from, 1, {{ forever() }}) over (partition by {{ keys | join(', ') }} order by recorded_from)
{%- endmacro %}
