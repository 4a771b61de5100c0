{#- Nested values of systems that are read through their API. -#}

{#- one row for each object of a JSON list, as `item`: from source {{ json_items('source.lines', 'item') }} -#}
{% macro json_items(column, item) -%}
    {{ return(adapter.dispatch('json_items', 'cartera')(column, item)) }}
{%- endmacro %}

{% macro default__json_items(column, item) -%}
    cross join lateral jsonb_array_elements({{ column }}) as {{ item }}_items ({{ item }})
{%- endmacro %}

{#- a field of a JSON object as text -#}
{% macro json_text(value, field) -%}
    {{ return(adapter.dispatch('json_text', 'cartera')(value, field)) }}
{%- endmacro %}

{% macro default__json_text(value, field) -%}
    ({{ value }} ->> '{{ field }}')
{%- endmacro %}
