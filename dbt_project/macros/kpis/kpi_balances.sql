{#- The days of the window are (as of - days, as of]; its opening is the end of this day. -#}
{% macro kpi_opening_date(as_of, window_days) -%}
    cast({{ dbt.dateadd('day', '-' ~ window_days, as_of) }} as date)
{%- endmacro %}

{#- What is owed at the end of a day: AR is the open instalments, gross of unapplied credit. -#}
{% macro kpi_balances(grain, open_items) %}
    select
        {{ grain | join(', ') }},
        sum(case when item_type = 'instalment' then open_amount else 0 end) as ar_amount,
        sum(case when item_type = 'instalment' and days_past_due > 0 then open_amount else 0 end) as past_due_amount,
        sum(case when item_type = 'instalment' and is_disputed then open_amount else 0 end) as disputed_amount,
        sum(case when item_type = 'unapplied_credit' then -open_amount else 0 end) as unapplied_amount
    from {{ open_items }} as items
    group by {{ grain | join(', ') }}
{% endmacro %}

{#- What moved, by day, until the as-of date: one reading for the window and for counting back. flows: what is known
    of fct_daily_flows, or ledger entries (kpi_flows_known, kpi_entries_known). -#}
{% macro kpi_daily_flows(grain, as_of, flows) %}
    {%- set types = {'invoiced': '', 'credit_noted': '-', 'received': '-', 'written_off': '-'} %}
    select
        {{ grain | join(', ') }},
        effective_date
        {%- for entry_type, sign in types.items() %},
        sum(case when entry_type = '{{ entry_type }}' then {{ sign }}amount else 0 end) as {{ entry_type }}_amount
        {%- endfor %}
    from {{ flows }} as flows
    where effective_date <= {{ as_of }}
    group by {{ grain | join(', ') }}, effective_date
    having sum(entries) > 0
{% endmacro %}

{#- what is known at a moment, summed by day: a few thousand rows -#}
{% macro kpi_flows_known(known_at, flows) %}
    (select * from {{ flows }} as flow where flow.recorded_at <= {{ known_at }})
{% endmacro %}

{#- the same from the ledger itself, where a finer grain is asked for -#}
{% macro kpi_entries_known(known_at, entries) %}
    (
        select
            entry.*,
            1 as entries
        from {{ entries }} as entry
        where {{ is_known('entry', known_at) }}
    )
{% endmacro %}

{#- What moved in the window. Every company and currency with a ledger has a row, also without movement. -#}
{% macro kpi_flows(grain, as_of, window_days, daily_flows) %}
    select
        {{ grain | join(', ') }}
        {%- for flow in ['invoiced_amount', 'credit_noted_amount', 'received_amount', 'written_off_amount'] %},
        sum(case when effective_date > {{ kpi_opening_date(as_of, window_days) }} then {{ flow }} else 0 end) as {{ flow }}
        {%- endfor %}
    from {{ daily_flows }} as daily_flows
    group by {{ grain | join(', ') }}
{% endmacro %}
