{#- A contract is compared with its query when a model is built whole, as it is after each change of the project. The
    runs between have the same query, and what they insert is cast to the contract's columns, or fails. -#}
{% macro postgres__get_assert_columns_equivalent(sql) -%}
    {%- if flags.FULL_REFRESH %}
        {{- return(assert_columns_equivalent(sql)) }}
    {%- endif %}
{%- endmacro %}
