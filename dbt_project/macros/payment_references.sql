{#- Money that a gateway or bank took for an invoice of another source: it keeps that one's number as its reference. -#}

{#- The systems that stage such references, where several sources are connected. -#}
{% macro referring_systems() -%}
    {%- set found = [] -%}
    {%- for system, plurals in var('systems').items() if var('payment_books') and 'payment_references' in plurals -%}
        {%- do found.append(system) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- Payments with each reference that they keep, in each version, and the customer with which they count. -#}
{% macro payments_to_refer() -%}
    {%- set columns = [
        'payment_id', 'company_id', 'customer_id', 'source', 'status', 'currency_code', 'payment_amount',
        'received_date', 'is_deleted', 'recorded_from', 'recorded_to',
    ] -%}
    {%- for system in referring_systems() %}
        {%- set relation = ref('stg_' ~ system ~ '__payments') | string -%}
        {%- if system in var('linked_systems') -%}
            {%- set relation = as_linked(relation, columns) -%}
        {%- endif %}
    select
        payment.payment_id,
        payment.company_id,
        payment.customer_id,
        payment.source,
        payment.currency_code,
        payment.payment_amount,
        payment.received_date,
        nullif(upper(trim(reference.reference_code)), '') as reference_code,
        {{ later_start('payment', 'reference') }} as recorded_from,
        {{ earlier_end('payment', 'reference') }} as recorded_to
    from {{ relation }} as payment
    inner join {{ ref('stg_' ~ system ~ '__payment_references') }} as reference
        on
            payment.payment_id = reference.payment_id
            and {{ lives_overlap('payment', 'reference') }}
    where
        not payment.is_deleted
        and not reference.is_deleted
        and payment.status <> 'cancelled'
    union all
    {%- endfor %}
    {{ no_rows({
        'payment_id': 'text', 'company_id': 'text', 'customer_id': 'text', 'source': 'text', 'currency_code': 'text',
        'payment_amount': 'numeric(24, 6)', 'received_date': 'date', 'reference_code': 'text',
        'recorded_from': 'timestamp with time zone', 'recorded_to': 'timestamp with time zone',
    }) }}
{%- endmacro %}

{#- What was given back of them. -#}
{% macro refunds_of_referring() -%}
    {%- for system in referring_systems() if 'refunds' in var('systems')[system] %}
    select
        payment_id,
        refunded_amount,
        recorded_from,
        recorded_to
    from {{ ref('stg_' ~ system ~ '__refunds') }}
    where
        not is_deleted
        and payment_id is not null
    union all
    {%- endfor %}
    {{ no_rows({
        'payment_id': 'text', 'refunded_amount': 'numeric(24, 6)', 'recorded_from': 'timestamp with time zone',
        'recorded_to': 'timestamp with time zone',
    }) }}
{%- endmacro %}

{#- What they pay, below the allocations of all systems. Their own sources say nothing of these invoices. -#}
{% macro with_payments_referred(columns) -%}
    {%- if referring_systems() %}

union all

select
        {%- for column in columns %}
    {{ 'cast(null as text) as stated_invoice_id' if column == 'stated_invoice_id' else column }}{{ "," if not loop.last }}
        {%- endfor %}
from {{ ref('int_receivables__payments_referred') }} as referred
    {%- endif %}
{%- endmacro %}
