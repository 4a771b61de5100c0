{#- An index made after the model that it is of, beside other work: only the first build makes it. -#}
{% macro index_unless_there(relation, column) -%}
    {{ return(adapter.dispatch('index_unless_there', 'cartera')(relation, column)) }}
{%- endmacro %}

{% macro default__index_unless_there(relation, column) -%}
{%- endmacro %}

{% macro postgres__index_unless_there(relation, column) -%}
    create index if not exists {{ relation.identifier }}_{{ column }} on {{ relation }} ({{ column }})
{%- endmacro %}
