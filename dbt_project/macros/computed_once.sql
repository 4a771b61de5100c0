{#- Marks a CTE as one that is computed once and kept. A planner that expects one row where there are a thousand would
    else compute it anew for each row that it is joined to. -#}
{% macro computed_once() -%}
    {{ return(adapter.dispatch('computed_once', 'cartera')()) }}
{%- endmacro %}

{% macro default__computed_once() -%}
{%- endmacro %}

{% macro postgres__computed_once() -%}
    materialized
{%- endmacro %}
