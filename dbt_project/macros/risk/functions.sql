{#- The functions of both clocks, made from the macros of this folder beside the tables they read. Plain stable SQL. -#}
{% macro create_risk_functions() %}
    {{ return(adapter.dispatch('create_risk_functions', 'cartera')()) }}
{% endmacro %}

{% macro default__create_risk_functions() %}
    {%- set balances = ref('fct_item_balances') %}
    {%- set entries = ref('fct_ledger_entries') %}
    {%- set days = points_by_days('p_as_of', 'p_period_days') %}

    {%- call sql_function(
        'transitions',
        'p_as_of date, p_known_at timestamptz, p_period_days integer default 30, p_periods integer default 1',
        'company_id text, currency_code text, from_state text, to_state text, items bigint, amount numeric,'
        ~ ' items_pct numeric, amount_pct numeric'
    ) %}
        {{ with_moves(days, 'p_periods', 'p_known_at', balances, entries) }}
        select * from ({{ transition_matrix(['company_id', 'currency_code'], 'moves') }}) as matrix
    {%- endcall %}

    {%- call sql_function(
        'roll_rates',
        'p_as_of date, p_known_at timestamptz, p_period_days integer default 30, p_periods integer default 1',
        'company_id text, currency_code text, method text, basis text, bucket text, next_bucket text,'
        ~ ' numerator numeric, denominator numeric, roll_rate_pct numeric, flow_through_pct numeric, reason text'
    ) %}
        {{ with_moves(days, 'p_periods', 'p_known_at', balances, entries) }}
        select * from ({{ roll_rates(['company_id', 'currency_code'], 'moves') }}) as rates
    {%- endcall %}

    {%- call sql_function(
        'cure_rates',
        'p_as_of date, p_known_at timestamptz, p_horizon_days integer default 90,'
        ~ ' p_cure_days integer default 30, p_min_days_past_due integer default 1',
        'company_id text, currency_code text, basis text, delinquent numeric, cured numeric, redefaulted numeric,'
        ~ ' written_off numeric, cure_rate_pct numeric, redefault_rate_pct numeric, reason text'
    ) %}
        {{ cure_rates('p_as_of', 'p_known_at', 'p_horizon_days', 'p_cure_days', 'p_min_days_past_due', balances, entries) }}
    {%- endcall %}

    {%- call sql_function(
        'vintages',
        'p_as_of date, p_known_at timestamptz, p_days_past_due integer default 1, p_step_days integer default 30,'
        ~ ' p_steps integer default 12, p_months integer default 12',
        'company_id text, currency_code text, cohort_month date, step integer, days_since_placement integer,'
        ~ ' is_complete boolean, placed_items bigint, placed_amount numeric, collected_amount numeric,'
        ~ ' credited_amount numeric, written_off_amount numeric, open_amount numeric, collected_pct numeric, reason text'
    ) %}
        {{ with_placement_changes('p_as_of', 'p_known_at', 'p_days_past_due', 'p_step_days', 'p_months', balances, entries) }}
        select * from ({{ vintage_curves('p_as_of', 'p_step_days', 'p_steps', 'changes') }}) as curves
    {%- endcall %}

    {%- call sql_function(
        'liquidation_rates',
        'p_as_of date, p_known_at timestamptz, p_days_past_due integer default 1, p_months integer default 12',
        'company_id text, currency_code text, cohort_month date, placed_items bigint, placed_amount numeric,'
        ~ ' collected_amount numeric, credited_amount numeric, written_off_amount numeric, open_amount numeric,'
        ~ ' liquidation_rate_pct numeric'
    ) %}
        {{ with_placement_changes('p_as_of', 'p_known_at', 'p_days_past_due', '30', 'p_months', balances, entries) }}
        select * from ({{ liquidation_rates('changes') }}) as rates
    {%- endcall %}

    {{ expected_losses_function('expected_losses') }}
{% endmacro %}

{#- expected_losses_by_segment(), made with fct_customer_segments: it asks customer_segments() -#}
{% macro create_segment_losses_function() %}
    {{ return(adapter.dispatch('create_segment_losses_function', 'cartera')()) }}
{% endmacro %}

{% macro default__create_segment_losses_function() %}
    {{
        expected_losses_function(
            'expected_losses_by_segment',
            ', p_scheme text',
            '(select * from ' ~ this.schema ~ '.customer_segments(p_as_of, p_known_at) where scheme = p_scheme)'
        )
    }}
{% endmacro %}

{% macro expected_losses_function(name, further_arguments='', segments=none) %}
    {%- set balances = ref('fct_item_balances') %}
    {%- set entries = ref('fct_ledger_entries') %}
    {%- call sql_function(
        name,
        'p_as_of date, p_known_at timestamptz' ~ further_arguments ~ ', p_factor numeric default 1,'
        ~ ' p_history_days integer default 365, p_loss_days integer default 180',
        'company_id text, currency_code text, segment text, bucket text, entered_items bigint, entered_amount numeric,'
        ~ ' unpaid_amount numeric, roll_rate numeric, loss_rate numeric, factor numeric, applied_rate numeric,'
        ~ ' balance_amount numeric, ecl_amount numeric, ecl_pct numeric, reason text'
    ) %}
        with
        settled as ({{ settled_without_cash('p_known_at', entries, balances) }})
        select * from (
            {{
                expected_losses(
                    'p_as_of', 'p_known_at', 'p_factor', 'p_history_days', 'p_loss_days', balances, 'settled', segments
                )
            }}
        ) as losses
    {%- endcall %}
{% endmacro %}

{#- Replaces a function of the slot: its arguments and columns as PostgreSQL writes them, its body the caller's. -#}
{% macro sql_function(name, arguments, columns) %}
    drop function if exists {{ this.schema }}.{{ name }};
    create function {{ this.schema }}.{{ name }}({{ arguments }})
    returns table ({{ columns }})
    language sql
    stable parallel safe
    as $body$
        {{ caller() }}
    $body$;
{% endmacro %}

{#- the CTE `moves`, all that roll rates and the matrix are made of -#}
{% macro with_moves(points, periods, known_at, balances, entries) %}
    with

    settled as (
        {{ settled_without_cash(known_at, entries, balances) }}
    ),

    positions as (
        {{ debt_positions(points, periods, known_at, balances) }}
    ),

    moves as (
        {{ debt_moves('positions', periods, 'settled') }}
    )
{% endmacro %}

{#- the CTE `changes`, all that vintages and liquidation are made of -#}
{% macro with_placement_changes(as_of, known_at, days_past_due, step_days, months, balances, entries) %}
    with

    settled as (
        {{ settled_without_cash(known_at, entries, balances) }}
    ),

    placements as (
        {{ placements(as_of, known_at, days_past_due, months, balances) }}
    ),

    changes as (
        {{ placement_changes(as_of, known_at, step_days, 'placements', balances, 'settled') }}
    )
{% endmacro %}
