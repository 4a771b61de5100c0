{#- Company currency for one unit, from a rate that says how much one unit of the company's currency gives; null for a
    rate of nothing, or one so small that what it says fits in no rate of ours. -#}
{% macro rate_turned_round(rate) -%}
    case when {{ rate }} > 0.000000000001 then cast(1 / {{ rate }} as numeric(24, 12)) end
{%- endmacro %}
