{#- Documents of a staging model under the decisions of which payments count and which customers are the same. What no
    decision concerns is read as it stands, so that its indexes are used; what one does lives in as many versions as the
    decision: a document changes when the decision does. -#}

{% macro as_counted(relation, plural, columns) -%}
(
    select {{ columns | join(', ') }}
    from {{ relation }} as document
    where
        not exists (
            select 1
            from {{ ref('int_companies__payments_counted') }} as book
            where book.company_id = document.company_id and book.source = document.source
        )

    union all

    select
    {%- for column in columns %}
        {%- if column in ('recorded_from', 'recorded_to') %}
        {{ life_of(column, 'document', 'book') }} as {{ column }}
        {%- elif plural == 'invoices' and column in ('paid_amount', 'paid_date', 'open_amount') %}
        case when book.is_counted then document.{{ column }} end as {{ column }}
        {%- elif plural == 'invoices' and column == 'status' %}
        case when document.status = 'paid' and not book.is_counted then 'open' else document.status end as status
        {%- else %}
        document.{{ column }}
        {%- endif -%}
        {{ "," if not loop.last }}
    {%- endfor %}
    from {{ relation }} as document
    inner join {{ ref('int_companies__payments_counted') }} as book
        on
            document.company_id = book.company_id
            and document.source = book.source
            and {{ lives_overlap('document', 'book') }}
    {%- if plural != 'invoices' %}
    where book.is_counted
    {%- endif %}
)
{%- endmacro %}

{% macro as_linked(relation, columns) -%}
(
    select {{ columns | join(', ') }}
    from {{ relation }} as document
    where
        document.customer_id is null
        or not exists (
            select 1
            from {{ ref('int_customers__links_judged') }} as link
            where link.customer_id = document.customer_id and link.is_ever_linked
        )

    union all

    select
    {%- for column in columns %}
        {%- if column in ('recorded_from', 'recorded_to') %}
        {{ life_of(column, 'document', 'link') }} as {{ column }}
        {%- elif column == 'customer_id' %}
        coalesce(link.linked_customer_id, document.customer_id) as customer_id
        {%- else %}
        document.{{ column }}
        {%- endif -%}
        {{ "," if not loop.last }}
    {%- endfor %}
    from {{ relation }} as document
    inner join {{ ref('int_customers__links_judged') }} as link
        on
            document.customer_id = link.customer_id
            and link.is_ever_linked
            and {{ lives_overlap('document', 'link') }}
)
{%- endmacro %}

{% macro life_of(column, one, other) -%}
    {{ later_start(one, other) if column == 'recorded_from' else earlier_end(one, other) }}
{%- endmacro %}

{#- The source's kind, by which the payments of one go before those of another: books first, then documents, gateways,
    banks. -#}
{% macro payments_rank(system) -%}
    {{ return(['erp', 'documents', 'gateway', 'bank'].index(var('system_kinds').get(system, 'documents'))) }}
{%- endmacro %}

{#- A tax number as it is compared: letters and digits alone, without the country in front; null for what stands for
    nobody in particular (all one digit, Mexico's numbers of the public). -#}
{% macro normal_tax_id(tax_id, country_code) -%}
    {{ return(adapter.dispatch('normal_tax_id', 'cartera')(tax_id, country_code)) }}
{%- endmacro %}

{% macro default__normal_tax_id(tax_id, country_code) -%}
    {%- set plain = "upper(regexp_replace(" ~ tax_id ~ ", '[^0-9A-Za-z]', '', 'g'))" -%}
    {%- set number -%}
        case
            when length({{ country_code }}) = 2 and substr({{ plain }}, 1, 2) = upper({{ country_code }})
                then substr({{ plain }}, 3)
            else {{ plain }}
        end
    {%- endset -%}
    case
        when length({{ number }}) < 5 then null
        when replace({{ number }}, substr({{ number }}, 1, 1), '') = '' then null
        when {{ number }} in ('XAXX010101000', 'XEXX010101000') then null
        else {{ number }}
    end
{%- endmacro %}

{#- What a customer can be recognised by, in each version: one row per rule that it has a value for. A CTE named
    customers is read. -#}
{% macro customer_keys(customers) -%}
    {%- for rule, value in [('tax_id', 'tax_number'), ('email', 'email_address'), ('code', 'customer_code')] %}
    select
        customer_id,
        company_id,
        '{{ rule }}' as rule,
        {{ value }} as key_value,
        tax_number,
        recorded_from,
        recorded_to
    from {{ customers }}
    where {{ value }} is not null
        {%- if not loop.last %}

    union all
        {% endif %}
    {%- endfor %}
{%- endmacro %}

{#- a CTE of customers for a system list that is empty -#}
{% macro no_customers() -%}
    select
        cast(null as text) as customer_id,
        cast(null as text) as company_id,
        cast(null as text) as customer_code,
        cast(null as text) as tax_number,
        cast(null as text) as email_address,
        {{ forever() }} as recorded_from,
        {{ forever() }} as recorded_to
    where false
{%- endmacro %}
