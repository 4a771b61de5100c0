{#- The flows of the KPIs: entry type and the sign that makes it count up. -#}
{% macro kpi_flow_types() %}
    {{ return({
        'invoiced': '', 'credit_noted': '-', 'received': '-', 'written_off': '-', 'write_off_reversed': '',
    }) }}
{% endmacro %}

{#- What is known at a moment of what moved until the as-of date, by day and by the day whose rate it has: a few
    thousand rows of fct_daily_flows. -#}
{% macro kpi_flows_known(as_of, known_at, flows) %}
    select
        company_id,
        currency_code,
        entry_type,
        effective_date,
        rate_date as document_date,
        sum(amount) as amount,
        sum(document_company_amount) as document_company_amount,
        sum(unrated_amount) as unrated_amount,
        sum(entries) as entries
    from {{ flows }} as flow
    where
        flow.recorded_at <= {{ known_at }}
        and flow.effective_date <= {{ as_of }}
    group by
        company_id,
        currency_code,
        entry_type,
        effective_date,
        rate_date
    having sum(entries) > 0
{% endmacro %}

{#- the same from the ledger itself, where a grain by customer is asked for -#}
{% macro kpi_entries_known(as_of, known_at, entries) %}
    select
        company_id,
        currency_code,
        customer_id,
        entry_type,
        effective_date,
        document_date,
        {{ amounts_of_documents('amount') }},
        count(*) as entries
    from {{ entries }} as entry
    where
        entry.entry_type not in ('applied', 'credited')
        and entry.effective_date <= {{ as_of }}
        and {{ is_known('entry', known_at) }}
    group by
        company_id,
        currency_code,
        customer_id,
        entry_type,
        effective_date,
        document_date
{% endmacro %}

{#- What moved, by day, in the currency of the view: one reading for the window and for counting back. -#}
{% macro kpi_daily_flows(keys, flows_in_view) %}
    select
        {{ keys | join(', ') }},
        effective_date
        {%- for entry_type, sign in kpi_flow_types().items() %},
        {{ sum_known(sign ~ 'view_amount', "entry_type = '" ~ entry_type ~ "'") }} as {{ entry_type }}_amount
        {%- endfor %},
        sum(case when entry_type = 'received' then entries else 0 end) as received_payments,
        min(missing_rate) as missing_rate
    from {{ flows_in_view }} as flows
    group by {{ keys | join(', ') }}, effective_date
{% endmacro %}

{#- What moved in the window. Every company and currency with a ledger has a row, also without movement. -#}
{% macro kpi_flows(keys, as_of, window_days, daily_flows) %}
    {%- set is_in_window = 'effective_date > ' ~ kpi_opening_date(as_of, window_days) %}
    select
        {{ keys | join(', ') }}
        {%- for entry_type in kpi_flow_types() %},
        {{ sum_known(entry_type ~ '_amount', is_in_window) }} as {{ entry_type }}_amount
        {%- endfor %},
        sum(case when {{ is_in_window }} then received_payments else 0 end) as received_payments,
        min(case when {{ is_in_window }} then missing_rate end) as missing_rate
    from {{ daily_flows }} as daily_flows
    group by {{ keys | join(', ') }}
{% endmacro %}
