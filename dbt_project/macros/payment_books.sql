{#- Payments of a staging model while those of their source count; of invoices, what they say was paid. -#}
{% macro as_counted(relation, plural, columns) -%}
    {%- set said = {} -%}
    {%- if plural == 'invoices' -%}
        {%- do said.update({
            'status': "case when document.status = 'paid' and not book.is_counted then 'open' else document.status end",
        }) -%}
        {%- for column in ['paid_amount', 'paid_date', 'open_amount'] -%}
            {%- do said.update({column: 'case when book.is_counted then document.' ~ column ~ ' end'}) -%}
        {%- endfor -%}
    {%- endif -%}
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

    {{ select_under('book', relation, columns, said) }}
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

{#- The source's kind, by which the payments of one go before those of another: books first, then documents, gateways,
    banks. -#}
{% macro payments_rank(system) -%}
    {{ return(['erp', 'documents', 'gateway', 'bank'].index(var('system_kinds').get(system, 'documents'))) }}
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
    {{ no_rows({
        'company_id': 'text', 'source': 'text', 'payments_rank': 'integer',
        'recorded_from': 'timestamp with time zone',
    }) }}
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
    {{ no_rows({
        'document_type': 'text', 'document_id': 'text', 'company_id': 'text', 'customer_id': 'text',
        'document_number': 'text', 'currency_code': 'text', 'document_amount': 'numeric(24, 6)',
        'document_date': 'date', 'source': 'text', 'recorded_from': 'timestamp with time zone',
        'recorded_to': 'timestamp with time zone',
    }) }}
{%- endmacro %}
