{#- The buckets of aging_bucket as rows of (name, first day, last day), in order. -#}
{% macro bucket_rows() -%}
    {%- set edges = var('bucket_edges') -%}
    {%- set rows = [('not_due', none, 0)] -%}
    {%- for edge in edges[1:] -%}
        {%- do rows.append(((edges[loop.index0] + 1) ~ '-' ~ edge, edges[loop.index0] + 1, edge)) -%}
    {%- endfor -%}
    {%- do rows.append((edges[-1] ~ '+', edges[-1] + 1, none)) -%}
    {%- for name, first, last in rows %}
    select
        '{{ name }}' as bucket,
        {{ loop.index }} as bucket_position,
        cast({{ 'null' if first is none else first }} as integer) as min_days,
        cast({{ 'null' if last is none else last }} as integer) as max_days
        {%- if not loop.last %}
    union all
        {%- endif %}
    {%- endfor %}
{%- endmacro %}
