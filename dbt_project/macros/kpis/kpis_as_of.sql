{#- All KPIs as of a date, known at a moment, per company and currency, or with customer_id in the grain per
    customer too (then without concentration). fct_kpis and the functions kpis() and kpis_by_customer() are
    made from it. closing: the open items at the end of the as-of date; opening: at that of the day before
    the window; flows: see kpi_daily_flows; all as known then. -#}
{% macro kpis_as_of(grain, as_of, known_at, window_days, closing, opening, flows, balances) %}
    {%- set keys = grain | join(', ') %}
    {%- set has_concentration = 'customer_id' not in grain %}
    with

    closing_balances as (
        {{ kpi_balances(grain, closing) }}
    ),

    opening_balances as (
        {{ kpi_balances(grain, opening) }}
    ),

    daily_flows as (
        {{ kpi_daily_flows(grain, as_of, flows) }}
    ),

    flows as (
        {{ kpi_flows(grain, as_of, window_days, 'daily_flows') }}
    ),

    days_to_pay as (
        {{ kpi_days_to_pay(grain, as_of, known_at, window_days, balances) }}
    ),

    {%- if has_concentration %}

    customer_balances as (
        {{ kpi_balances(grain + ['customer_id'], closing) }}
    ),

    concentration as (
        {{ kpi_concentration('customer_balances') }}
    ),
    {%- endif %}

    measures as (
        select
            {{ keys }},
            coalesce(closing_balances.ar_amount, 0) as ar_amount,
            coalesce(closing_balances.past_due_amount, 0) as past_due_amount,
            coalesce(closing_balances.disputed_amount, 0) as disputed_amount,
            coalesce(closing_balances.unapplied_amount, 0) as unapplied_amount,
            coalesce(opening_balances.ar_amount, 0) as opening_ar_amount,
            flows.invoiced_amount,
            flows.credit_noted_amount,
            flows.received_amount,
            flows.written_off_amount,
            {%- if has_concentration %}
            concentration.total_amount,
            concentration.largest_amount,
            concentration.weighted_amount,
            {%- endif %}
            days_to_pay.paid_amount,
            days_to_pay.amount_days_to_pay,
            days_to_pay.amount_days_late,
            days_to_pay.paid_items,
            days_to_pay.days_to_pay
        from flows
        left join closing_balances using ({{ keys }})
        left join opening_balances using ({{ keys }})
        left join days_to_pay using ({{ keys }})
        {%- if has_concentration %}
        left join concentration using ({{ keys }})
        {%- endif %}
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

{#- kpis(as of, known at [, days of the window]) beside the tables it reads, and the same by customer -#}
{% macro create_kpis_function(name, grain) %}
    {{ return(adapter.dispatch('create_kpis_function', 'cartera')(name, grain)) }}
{% endmacro %}

{% macro default__create_kpis_function(name, grain) %}
    {%- set relations = {
        'balances': ref('fct_item_balances'),
        'customers': ref('dim_customers'),
        'disputes': ref('fct_disputes'),
        'promises': ref('fct_promises'),
    } %}
    {%- set flows = (
        kpi_entries_known('p_known_at', ref('fct_ledger_entries'))
        if 'customer_id' in grain
        else kpi_flows_known('p_known_at', ref('fct_daily_flows'))
    ) %}
    drop function if exists {{ this.schema }}.{{ name }}(date, timestamptz, integer);
    create function {{ this.schema }}.{{ name }}(
        p_as_of date, p_known_at timestamptz, p_window_days integer default {{ var('kpi_window_days') }}
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
    stable
    as $kpis$
        with

        closing_items as (
            {{ open_items_as_of('p_as_of', 'p_known_at', **relations) }}
        ),

        opening_items as (
            {{ open_items_as_of(kpi_opening_date('p_as_of', 'p_window_days'), 'p_known_at', **relations) }}
        ),

        kpis as (
            {{
                kpis_as_of(
                    grain, 'p_as_of', 'p_known_at', 'p_window_days', 'closing_items', 'opening_items',
                    flows=flows, balances=relations['balances']
                )
            }}
        )

        select * from kpis
    $kpis$;
{% endmacro %}
