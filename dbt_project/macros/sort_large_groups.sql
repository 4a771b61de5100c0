{#- Within the transaction of a model: groups nearly as many as rows, which are wanted sorted anyway, are sorted first.
    The planner would hash them, and their exact sums do not fit into memory. -#}
{% macro sort_large_groups() -%}
    {{ return(adapter.dispatch('sort_large_groups', 'cartera')()) }}
{%- endmacro %}

{% macro default__sort_large_groups() -%}
{%- endmacro %}

{% macro postgres__sort_large_groups() -%}
    set local enable_hashagg = off
{%- endmacro %}
