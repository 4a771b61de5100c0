{#- <layer>_<slot>: two sets of schemas are built in turn, so that one keeps serving -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}_{{ env_var('CARTERA_SLOT', 'a') }}
{%- endmacro %}
