{#- tell the planner what a table just built holds: without it, joins of versions are planned for one row -#}
{% macro analyze(relation) -%}
    {{ return(adapter.dispatch('analyze', 'cartera')(relation)) }}
{%- endmacro %}

{% macro default__analyze(relation) -%}
{%- endmacro %}

{% macro postgres__analyze(relation) -%}
    analyze {{ relation }}
{%- endmacro %}
