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
    select
        cast(null as text) as customer_id,
        cast(null as text) as company_id,
        cast(null as text) as customer_code,
        cast(null as text) as tax_number,
        cast(null as text) as email_address,
        {{ forever() }} as recorded_from,
        {{ forever() }} as recorded_to
    where false
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
    select
        cast(null as text) as customer_id,
        cast(null as text) as reference_code,
        {{ forever() }} as recorded_from,
        {{ forever() }} as recorded_to
    where false
{%- endmacro %}

{#- Which sources of a company say what was paid, from when on; nobody asks while one source alone is connected.
    `has_begun`: only what was recorded since the last build. -#}
{% macro payments_stated(has_begun) -%}
    {%- for system, plurals in var('systems').items() if var('payment_books') %}
        {%- for plural in ('payments', 'invoices') if plural in plurals %}
    select
        company_id,
        source,
        {{ payments_rank(system) }} as payments_rank,
        min(recorded_from) as recorded_from
    from {{ ref('stg_' ~ system ~ '__' ~ plural) }} as document
    where
        {{ "(paid_amount <> 0 or status = 'paid')" if plural == 'invoices' else 'true' }}
        and {{ is_touched('document') if has_begun else 'true' }}
    group by
        company_id,
        source
    union all
        {%- endfor %}
    {%- endfor %}
    select
        cast(null as text) as company_id,
        cast(null as text) as source,
        0 as payments_rank,
        {{ forever() }} as recorded_from
    where false
{%- endmacro %}

{#- whether an incremental model has rows already, to which a partial build adds -#}
{% macro adds_to_rows() -%}
    {%- if not is_incremental() or not is_partial_build() -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set counted = run_query('select count(*) as rows_there from ' ~ this) -%}
    {{ return(counted.columns[0].values()[0] > 0) }}
{%- endmacro %}

{#- Payments, refunds and chargebacks of all systems as they are staged, where it is asked which of them count. -#}
{% macro payment_documents() -%}
    {%- for system, plurals in var('systems').items() if var('payment_books') %}
        {%- for plural, type, amount, date in [
            ('payments', 'payment', 'payment_amount', 'received_date'),
            ('refunds', 'refund', 'refunded_amount', 'refund_date'),
            ('chargebacks', 'chargeback', 'charged_back_amount', 'chargeback_date'),
        ] if plural in plurals %}
    select
        '{{ type }}' as document_type,
        {{ type }}_id as document_id,
        company_id,
        customer_id,
        document_number,
        currency_code,
        {{ amount }} as document_amount,
        {{ date }} as document_date,
        source,
        recorded_from,
        recorded_to
    from {{ ref('stg_' ~ system ~ '__' ~ plural) }}
    where
        not is_deleted
        {{ "and status <> 'cancelled'" if type == 'payment' }}
    union all
        {%- endfor %}
    {%- endfor %}
    select
        cast(null as text) as document_type,
        cast(null as text) as document_id,
        cast(null as text) as company_id,
        cast(null as text) as customer_id,
        cast(null as text) as document_number,
        cast(null as text) as currency_code,
        cast(null as numeric(24, 6)) as document_amount,
        cast(null as date) as document_date,
        cast(null as text) as source,
        {{ forever() }} as recorded_from,
        {{ forever() }} as recorded_to
    where false
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
