{#- the relations that the KPIs are made from -#}
{% macro kpi_relations() %}
    {{ return({
        'balances': ref('fct_item_balances'),
        'entries': ref('fct_ledger_entries'),
        'items': ref('dim_items'),
        'companies': ref('dim_companies'),
        'customers': ref('dim_customers'),
        'disputes': ref('fct_disputes'),
        'promises': ref('fct_promises'),
        'fx_rates': ref('fct_fx_rates'),
        'contacts': ref('fct_contacts'),
    }) }}
{% endmacro %}

{#- who belongs to which segment as of the date: the function made with fct_customer_segments -#}
{% macro kpi_members() %}
    select
        company_id,
        customer_id,
        scheme,
        segment
    from {{ this.schema }}.customer_segments(p_as_of, p_known_at)
{% endmacro %}

{% macro kpi_open_items(as_of, known_at, relations) %}
    {{
        open_items_as_of(
            as_of, known_at, balances=relations.balances, customers=relations.customers,
            disputes=relations.disputes, promises=relations.promises
        )
    }}
{% endmacro %}

{#- kpis(as of, known at [, days of the window [, currency view]]) beside the tables it reads, and the same by customer
    or segment -#}
{% macro create_kpis_function(name, grain, members=none) %}
    {{ return(adapter.dispatch('create_kpis_function', 'cartera')(name, grain, members)) }}
{% endmacro %}

{% macro default__create_kpis_function(name, grain, members) %}
    {%- set relations = kpi_relations() %}
    {%- set flows = (
        kpi_flows_known('p_as_of', 'p_known_at', ref('fct_daily_flows'))
        if grain | length == 2
        else kpi_entries_known('p_as_of', 'p_known_at', relations.entries)
    ) %}
    drop function if exists {{ this.schema }}.{{ name }}(date, timestamptz, integer, text);
    create function {{ this.schema }}.{{ name }}(
        p_as_of date,
        p_known_at timestamptz,
        p_window_days integer default {{ var('kpi_window_days') }},
        p_view text default 'transaction'
    )
    returns table (
        {%- for column in grain %}
        {{ column }} text,
        {%- endfor %}
        kpi text,
        value numeric(24, 6),
        numerator numeric(24, 6),
        denominator numeric(24, 6),
        reason text
    )
    language sql
    stable parallel safe
    as $kpis$
        with

        -- not materialized: what reads a CTE runs in one process, with all open items after it
        closing_items as not materialized (
            {{ kpi_open_items('p_as_of', 'p_known_at', relations) }}
        ),

        opening_items as (
            {{ kpi_open_items(kpi_opening_date('p_as_of', 'p_window_days'), 'p_known_at', relations) }}
        ),

        kpis as (
            {{
                kpis_as_of(
                    grain, 'p_as_of', 'p_known_at', 'p_window_days', 'p_view', 'closing_items', 'opening_items',
                    flows=flows, relations=relations, members=members
                )
            }}
        )

        select * from kpis
    $kpis$;
{% endmacro %}
