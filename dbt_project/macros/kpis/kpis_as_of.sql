{#- All KPIs as of a date, known at a moment, in a currency view (currency_views.sql), by company and currency and
    further keys: customer_id, or scheme and segment. fct_kpis and the functions kpis(), kpis_by_customer() and
    kpis_by_segment() are made from it. closing: the open items at the end of the as-of date; opening: at that of the
    day before the window; flows: kpi_flows_known or kpi_entries_known; members: who belongs to which segment. -#}
{% macro kpis_as_of(grain, as_of, known_at, window_days, view, closing, opening, flows, relations, members=none) %}
    {%- set keys = grain | join(', ') %}
    {%- set has_concentration = grain | length == 2 %}
    {%- set of_customer = [] if has_concentration else ['customer_id'] %}
    {%- set documents = ['company_id', 'currency_code'] + of_customer %}
    with

    currencies as (
        {{ company_currencies(known_at, relations.companies) }}
    ),

    closing_documents as (
        {{ kpi_item_documents(closing, documents) }}
    ),

    opening_documents as (
        {{ kpi_debt_documents(opening, documents, view) }}
    ),

    {%- if has_concentration %}

    customer_documents as (
        {{ kpi_debt_documents(closing, documents + ['customer_id'], view) }}
    ),
    {%- endif %}

    flow_documents as (
        {{ flows }}
    ),

    settled_documents as (
        {{ kpi_settled_documents(documents, as_of, known_at, window_days, view, relations.balances) }}
    ),

    deduction_documents as (
        {{ kpi_deduction_documents(as_of, known_at, window_days, relations.disputes, relations['items']) }}
    ),

    promise_documents as (
        {{
            kpi_promise_documents(
                as_of, known_at, window_days, relations.promises, relations.customers, relations['items'],
                relations.entries
            )
        }}
    ),

    contact_documents as (
        {{
            kpi_contact_documents(
                as_of, known_at, window_days, view, relations.contacts, relations['items'], 'currencies'
            )
        }}
    ),

    points as (
        {{
            rate_points(
                {
                    'closing_documents': 'unrated_amount <> 0',
                    'opening_documents': 'unrated_amount <> 0',
                    'flow_documents': 'unrated_amount <> 0',
                    'settled_documents': 'unrated_amount <> 0',
                    'deduction_documents': 'document_fx_rate is null',
                    'promise_documents': 'true',
                    'contact_documents': 'true',
                },
                view,
                as_of
            )
        }}
    ),

    rates as (
        {{ fx_rates_on('points', known_at, relations.fx_rates, 'currencies') }}
    ),

    closing_in_view as (
        {{
            amounts_in_view(
                'closing_documents',
                of_customer + ['item_type', 'days_past_due', 'is_disputed', 'document_date', 'items'],
                view, as_of
            )
        }}
    ),

    opening_in_view as (
        {{ amounts_in_view('opening_documents', of_customer, view, as_of) }}
    ),

    flows_in_view as (
        {{
            amounts_in_view(
                'flow_documents', of_customer + ['entry_type', 'effective_date', 'entries'], view, as_of
            )
        }}
    ),

    settled_in_view as (
        {{ amounts_in_view('settled_documents', of_customer + ['days_to_pay', 'days_late', 'items'], view, as_of) }}
    ),

    deductions_in_view as (
        {{
            rows_in_view('deduction_documents', ['customer_id', 'item_amount', 'is_opened', 'is_resolved'], view, as_of)
        }}
    ),

    promises_in_view as (
        {{
            rows_in_view(
                'promise_documents', ['customer_id', 'promised_amount', 'kept_amount'], view, as_of,
                has_document_rate=false
            )
        }}
    ),

    contacts_in_view as (
        {{
            rows_in_view(
                'contact_documents',
                [
                    'customer_id', 'is_answered', 'is_right_party', 'debt_currency_code', 'cost_currency_code',
                    'cost_amount',
                ],
                view, as_of, has_document_rate=false
            )
        }}
    ),

    {%- if members %}

    members as (
        {{ members }}
    ),
    {%- endif %}

    {%- if members %}

    customer_balances as (
        {{ kpi_balances(documents, 'closing_in_view', as_of) }}
    ),

    closing_balances as (
        {{ kpi_balances_summed(grain, of_members('customer_balances', members)) }}
    ),
    {%- else %}

    closing_balances as (
        {{ kpi_balances(grain, 'closing_in_view', as_of) }}
    ),
    {%- endif %}

    opening_balances as (
        {{ kpi_debts(grain, of_members('opening_in_view', members)) }}
    ),

    daily_flows as (
        {{ kpi_daily_flows(grain, of_members('flows_in_view', members)) }}
    ),

    flows as (
        {{ kpi_flows(grain, as_of, window_days, 'daily_flows') }}
    ),

    days_to_pay as (
        {{ kpi_days_to_pay(grain, of_members('settled_in_view', members)) }}
    ),

    deductions as (
        {{ kpi_deductions(grain, of_members('deductions_in_view', members)) }}
    ),

    promises as (
        {{ kpi_promises(grain, of_members('promises_in_view', members)) }}
    ),

    contacts as (
        {{ kpi_contacts(grain, view, of_members('contacts_in_view', members)) }}
    ),

    {%- if has_concentration %}

    customers_in_view as (
        {{ amounts_in_view('customer_documents', ['customer_id'], view, as_of) }}
    ),

    customer_debts as (
        {{ kpi_debts(grain + ['customer_id'], 'customers_in_view') }}
    ),

    concentration as (
        {{ kpi_concentration('customer_debts') }}
    ),

    parent_balances as (
        {{ kpi_parent_balances(known_at, 'customer_debts', relations.customers) }}
    ),

    parent_concentration as (
        {{ kpi_concentration('parent_balances', debtor='parent_id') }}
    ),
    {%- endif %}

    measures as (
        {{ kpi_measures(grain, has_concentration) }}
    ),

    countback_calendar as (
        {{ kpi_countback(grain, 'calendar', as_of, 'daily_flows', 'measures') }}
    ),

    countback_30_day as (
        {{ kpi_countback(grain, '30_day', as_of, 'daily_flows', 'measures') }}
    ),

    kpis_unioned as (
        {%- for definition in kpi_ratio_definitions(window_days, has_concentration) %}
        {{ kpi_ratio(grain, 'measures', definition, window_days) }}
        union all
        {%- endfor %}
        select * from countback_calendar
        union all
        select * from countback_30_day
    )

    select
        {{ keys }},
        kpi,
        cast(value as numeric(24, 6)) as value,
        cast(numerator as numeric(24, 6)) as numerator,
        cast(denominator as numeric(24, 6)) as denominator,
        reason
    from kpis_unioned
{% endmacro %}

{#- rows of customers, once for each segment that the customer is in -#}
{% macro of_members(rows, members) -%}
    {%- if members -%}
        (select * from {{ rows }} as rows_of_customers inner join members using (company_id, customer_id))
    {%- else -%}
        {{ rows }}
    {%- endif -%}
{%- endmacro %}

{#- All that is divided by something, in one row per key. What no row speaks of is zero; what has no rate is null,
    and missing_rate names the first. -#}
{% macro kpi_measures(grain, has_concentration) %}
    {%- set keys = grain | join(', ') %}
    {%- set parts = {
        'closing_balances': kpi_balance_measures(),
        'days_to_pay': ['paid_amount', 'amount_days_to_pay', 'amount_days_late', 'paid_items', 'days_to_pay'],
        'deductions': ['deducted_amount', 'resolved_amount'],
        'promises': ['promises', 'kept_promises', 'partly_kept_promises', 'promised_amount', 'kept_amount'],
        'contacts': ['accounts_attempted', 'accounts_reached', 'persons_reached', 'right_party_contacts'],
    } %}
    select
        {{ keys }}
        {%- for part, names in parts.items() %}
        {%- for name in names %},
        case when {{ part }}.company_id is null then 0 else {{ part }}.{{ name }} end as {{ name }}
        {%- endfor %}
        {%- endfor %},
        case when opening_balances.company_id is null then 0 else opening_balances.ar_amount end as opening_ar_amount
        {%- for entry_type in kpi_flow_types() %},
        flows.{{ entry_type }}_amount
        {%- endfor %},
        flows.received_payments
        {%- if has_concentration %}
        {%- for part, prefix in {'concentration': '', 'parent_concentration': 'parent_'}.items() %}
        {%- for name in ['total', 'largest_5', 'largest_10', 'largest_20', 'weighted'] %},
        case when {{ part }}.company_id is null then 0 else {{ part }}.{{ name }}_amount end as {{ prefix }}{{ name }}_amount
        {%- endfor %}
        {%- endfor %}
        {%- endif %},
        contacts.contact_cost_amount,
        case
            when contacts.company_id is null or contacts.contacts_with_cost = 0
                then 'no contact that went out in the window has a recorded cost'
            else contacts.missing_cost
        end as missing_cost,
        coalesce(
            closing_balances.missing_rate,
            opening_balances.missing_rate,
            flows.missing_rate,
            days_to_pay.missing_rate,
            deductions.missing_rate,
            promises.missing_rate
        ) as missing_rate
    from flows
    left join closing_balances using ({{ keys }})
    left join opening_balances using ({{ keys }})
    left join days_to_pay using ({{ keys }})
    left join deductions using ({{ keys }})
    left join promises using ({{ keys }})
    left join contacts using ({{ keys }})
    {%- if has_concentration %}
    left join concentration using ({{ keys }})
    left join parent_concentration using ({{ keys }})
    {%- endif %}
{% endmacro %}
