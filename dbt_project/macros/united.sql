{#- The staging models of all connected systems that have this entity, one below the other. The variable systems says
    which systems are connected and which entities each of them stages; with files alone this is that model itself.
    `only`: of these systems alone. -#}
{% macro united(plural, columns, only=none) -%}
    {%- set found = [] -%}
    {%- for system, plurals in var('systems').items() if plural in plurals and (only is none or system in only) -%}
        {%- do found.append(system) -%}
    {%- endfor -%}
    {%- for system in found %}
select
        {%- for column in columns %}
    {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
from {{ conformed(system, plural, columns) }} as stated
        {%- if not loop.last %}

union all
        {% endif %}
    {%- endfor %}
{%- endmacro %}

{#- One staging model, as its documents count: those of linked customers with the master customer, payments, refunds and
    chargebacks only while their source's count, and what was done to an invoice that is left out is done to the one that
    is kept (macros/decisions.sql). -#}
{% macro conformed(system, plural, columns) -%}
    {%- set relation = ref('stg_' ~ system ~ '__' ~ plural) | string -%}
    {%- set own = columns | reject('equalto', 'stated_invoice_id') | list -%}
    {%- if var('payment_books') and plural in ('payments', 'refunds', 'chargebacks', 'invoices') -%}
        {%- set relation = as_counted(relation, plural, own) -%}
    {%- endif -%}
    {%- if system in var('linked_systems') and plural != 'customers' and 'customer_id' in columns -%}
        {%- set relation = as_linked(relation, own) -%}
    {%- endif -%}
    {%- if var('payment_books') and plural in ('credit_notes', 'allocations', 'refunds') -%}
        {%- set relation = as_credited_once(relation, plural, own) -%}
    {%- endif -%}
    {%- if var('payment_books') and plural in names_invoices() -%}
        {%- set relation = as_kept(relation, system, plural, columns) -%}
    {%- elif plural == 'allocations' -%}
        {%- set relation = '(select *, invoice_id as stated_invoice_id from ' ~ relation ~ ')' -%}
    {%- endif -%}
    {{ return(relation) }}
{%- endmacro %}
