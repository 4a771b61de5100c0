{#- A CTE that is read more than once is written down by the planner, and then read without its indexes; this reads the
    relation itself each time. -#}
{% macro read_in_place() -%}
    {{ return(adapter.dispatch('read_in_place', 'cartera')()) }}
{%- endmacro %}

{% macro default__read_in_place() -%}
{%- endmacro %}

{% macro postgres__read_in_place() -%}
    not materialized
{%- endmacro %}
