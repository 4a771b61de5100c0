{#- The spans between the moments at which something of a key changed in one of these CTEs, from the beginning of time
    on: select lines for a CTE. Joined to what was alive when each began, they leave no gap, so a join of lives with them
    loses nothing. -#}
{% macro spans_of(lives, keys) -%}
    select
        {{ keys | join(', ') }},
        recorded_from,
        {{ until_next(keys) }} as recorded_to
    from (
        {%- for versions in lives %}
            {%- for moment_of_change in [moment('1970-01-01 00:00:00+00'), 'recorded_from', 'recorded_to'] %}
        select
            {{ keys | join(', ') }},
            {{ moment_of_change }} as recorded_from
        from {{ versions }}
                {%- if moment_of_change == 'recorded_to' %}
        where recorded_to < {{ forever() }}
                {%- endif %}
                {%- if not loop.last %}
        union distinct
                {%- endif %}
            {%- endfor %}
            {%- if not loop.last %}
        union distinct
            {%- endif %}
        {%- endfor %}
    ) as moments
{%- endmacro %}

{#- The stretches of a key in which these columns stay as they are: what says the same as the version before it goes on
    with that one. The versions follow one another without a gap. `carried`: what is as the stretch began. `last_end`: the
    column with the end of the last one, where that is not for ever. -#}
{% macro stretches_of(versions, keys, columns, carried=[], last_end=none) -%}
    select
        {{ keys | join(', ') }},
        {%- for column in columns + carried %}
        {{ column }},
        {%- endfor %}
        recorded_from,
        {{ until_next(keys, last_end) }} as recorded_to
    from (
        select
            version.*,
            row_number() over so_far as ordinal
            {%- for column in columns %},
            lag({{ column }}) over so_far as last_{{ column }}
            {%- endfor %}
        from {{ versions }} as version
        window so_far as (partition by {{ keys | join(', ') }} order by recorded_from)
    ) as compared
    where
        ordinal = 1
        {%- for column in columns %}
        or {{ column }} is distinct from last_{{ column }}
        {%- endfor %}
{%- endmacro %}

{#- the end of a life that lasts until the next begins -#}
{% macro until_next(keys, last_end=none) -%}
    lead(recorded_from, 1, {{ last_end or forever() }}) over (
        partition by {{ keys | join(', ') }} order by recorded_from
    )
{%- endmacro %}
