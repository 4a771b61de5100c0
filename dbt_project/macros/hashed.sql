{#- one short key of several text columns, none of them null -#}
{% macro hashed(columns) -%}
    {{ dbt.hash(dbt.concat(columns)) }}
{%- endmacro %}
