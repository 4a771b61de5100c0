{#- Documents of a staging model with the customers with whom they count: those of a linked one with its master. -#}
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

    {{ select_under('link', relation, columns, {
        'customer_id': 'coalesce(link.linked_customer_id, document.customer_id)',
    }) }}
    inner join {{ ref('int_customers__links_judged') }} as link
        on
            document.customer_id = link.customer_id
            and link.is_ever_linked
            and {{ lives_overlap('document', 'link') }}
)
{%- endmacro %}

{#- The customers of the books, or those of other systems that may be one of them, in each version; none where nothing is
    linked. -#}
{% macro customers_to_link(are_masters) -%}
    {%- set systems = [] -%}
    {%- for system in _linked_systems('customers') -%}
        {%- if (var('system_kinds').get(system, 'documents') == 'erp') == are_masters -%}
            {%- do systems.append(system) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set columns = [
        'customer_id', 'company_id', 'customer_code', 'tax_id', 'country_code', 'email', 'is_deleted', 'recorded_from',
        'recorded_to',
    ] -%}
    {%- if systems -%}
    select
        customer_id,
        company_id,
        customer_code,
        {{ normal_tax_id('tax_id', 'country_code') }} as tax_number,
        nullif(lower(trim(email)), '') as email_address,
        recorded_from,
        recorded_to
    from (
        {{ united('customers', columns, only=systems) }}
    ) as customers
    where not is_deleted
    {%- else -%}
    {{ no_rows({
        'customer_id': 'text', 'company_id': 'text', 'customer_code': 'text', 'tax_number': 'text',
        'email_address': 'text', 'recorded_from': 'timestamp with time zone',
        'recorded_to': 'timestamp with time zone',
    }) }}
    {%- endif -%}
{%- endmacro %}

{#- the connected systems that stage this, where customers are linked at all -#}
{% macro _linked_systems(plural) -%}
    {%- set found = [] -%}
    {%- for system, plurals in var('systems').items() if plural in plurals and var('linked_systems') -%}
        {%- do found.append(system) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- What a customer can be recognised by, in each version: one row per rule that it has a value for. -#}
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

{#- What other systems keep as reference of a customer, of those that stage it. -#}
{% macro customer_references() -%}
    {%- for system in _linked_systems('customer_references') %}
    select
        customer_id,
        reference_code,
        recorded_from,
        recorded_to
    from {{ ref('stg_' ~ system ~ '__customer_references') }}
    where not is_deleted
    union all
    {%- endfor %}
    {{ no_rows({
        'customer_id': 'text', 'reference_code': 'text', 'recorded_from': 'timestamp with time zone',
        'recorded_to': 'timestamp with time zone',
    }) }}
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

{#- The contacts, those of linked customers with the master customer. -#}
{% macro contacts_of_customers() -%}
    {%- set staged = ref('stg_contacts__contacts') | string -%}
    {%- set columns = [
        'contact_id', 'company_id', 'customer_id', 'policy_name', 'step_name', 'channel', 'is_automatic',
        'currency_code', 'planned_date', 'sent_date', 'answered_date', 'planned_at', 'sent_at',
        'delivered_at', 'answered_at', 'status', 'reason_code', 'answer_class', 'is_answered',
        'is_right_party', 'cost_amount', 'cost_currency_code', 'recorded_from', 'recorded_to'
    ] -%}
    {{ as_linked(staged, columns) if var('linked_systems') else staged }} as contacts_staged
{%- endmacro %}
