{#- The bucket of a number of days past due, by the variable bucket_edges: [0, 30, 60] gives
    not_due (0 and less), 1-30, 31-60, 60+ (61 and more). Due today is not due. -#}
{% macro aging_bucket(days) -%}
    {%- set edges = var('bucket_edges') -%}
    {%- if edges | length < 2 or edges[0] != 0 or edges | sort | unique | list != edges -%}
        {{ exceptions.raise_compiler_error("bucket_edges must begin with 0 and rise, e.g. [0, 30, 60, 90, 120], not " ~ edges) }}
    {%- endif -%}
    case
        when {{ days }} is null then null
        when {{ days }} <= 0 then 'not_due'
        {%- for edge in edges[1:] %}
        when {{ days }} <= {{ edge }} then '{{ edges[loop.index0] + 1 }}-{{ edge }}'
        {%- endfor %}
        else '{{ edges[-1] }}+'
    end
{%- endmacro %}
