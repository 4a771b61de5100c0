{#- Documents of a staging model under what was decided of them: which payments count, which customers are the same, which
    of two invoices is kept (payment_books.sql, customer_links.sql, invoice_links.sql). What no decision concerns is read
    as it stands, so that its indexes are used; what one does lives in as many versions as the decision: a document
    changes when the decision does. -#}

{#- Documents in the versions of a decision, which is joined to them. `said`: what it makes of some columns. -#}
{% macro select_under(decision, relation, columns, said) -%}
    select
    {%- for column in columns %}
        {%- if column == 'recorded_from' %}
        {{ later_start('document', decision) }} as recorded_from
        {%- elif column == 'recorded_to' %}
        {{ earlier_end('document', decision) }} as recorded_to
        {%- elif column in said %}
        {{ said[column] }} as {{ column }}
        {%- else %}
        document.{{ column }}
        {%- endif -%}
        {{ "," if not loop.last }}
    {%- endfor %}
    from {{ relation }} as document
{%- endmacro %}

{#- No rows of these columns (name -> type): ends a union of which no other part may be connected. -#}
{% macro no_rows(columns) -%}
    select
    {%- for column, type in columns.items() %}
        cast(null as {{ type }}) as {{ column }}{{ "," if not loop.last }}
    {%- endfor %}
    where false
{%- endmacro %}
