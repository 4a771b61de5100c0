{#- The staging models of all connected systems that have this entity, one below the other. The variable systems says
    which systems are connected and which entities each of them stages; with files alone this is that model itself. -#}
{% macro united(plural, columns) -%}
    {%- set found = [] -%}
    {%- for system, plurals in var('systems').items() if plural in plurals -%}
        {%- do found.append(system) -%}
    {%- endfor -%}
    {%- for system in found %}
select
        {%- for column in columns %}
    {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
from {{ ref('stg_' ~ system ~ '__' ~ plural) }}
        {%- if not loop.last %}

union all
        {% endif %}
    {%- endfor %}
{%- endmacro %}
