{#- An index made after the model that it is of, beside other work: only the first build makes it. `only`: of the rows
    for which this holds. -#}
{% macro index_unless_there(relation, column, only=none) -%}
    {{ return(adapter.dispatch('index_unless_there', 'cartera')(relation, column, only)) }}
{%- endmacro %}

{% macro default__index_unless_there(relation, column, only) -%}
{%- endmacro %}

{% macro postgres__index_unless_there(relation, column, only) -%}
    create index if not exists {{ relation.identifier }}_{{ column }} on {{ relation }} ({{ column }})
    {%- if only %} where {{ only }}{% endif %}
{%- endmacro %}
