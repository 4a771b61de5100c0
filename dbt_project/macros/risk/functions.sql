{#- The functions of both clocks, made from the macros of this folder beside the tables they read. Plain stable SQL. -#}
{% macro create_risk_functions() %}
    {{ return(adapter.dispatch('create_risk_functions', 'cartera')()) }}
{% endmacro %}

{% macro default__create_risk_functions() %}
    {%- set balances = ref('fct_item_balances') %}
    {%- set entries = ref('fct_ledger_entries') %}
    {%- set settled = settled_kept_or_computed('p_known_at', ref('fct_settled_without_cash'), entries, balances) %}

    {%- call sql_function(
        'settled_without_cash',
        'p_known_at timestamptz',
        'item_id text, effective_date date, credited_amount numeric, written_off_amount numeric'
    ) %}
        {{ settled }}
    {%- endcall %}

    {%- call sql_function('debt_moves', moves_arguments(), moves_columns()) %}
        with

        settled as (
            {{ settled }}
        ),

        debts as (
            {{ debts_at_points('p_as_of', 'p_period_days', 'p_periods', 'p_known_at', balances) }}
        )

        select * from ({{ debt_moves('debts', 'p_as_of', 'p_period_days', 'p_periods', 'settled') }}) as moves
    {%- endcall %}

    {%- call(rows) figures_of(
        'transitions',
        'debt_moves(p_as_of, p_known_at, p_period_days, p_periods)',
        moves_columns(),
        moves_arguments(),
        'company_id text, currency_code text, from_state text, to_state text, items bigint, amount numeric,'
        ~ ' items_pct numeric, amount_pct numeric'
    ) %}
        {{ transition_matrix(['company_id', 'currency_code'], rows) }}
    {%- endcall %}

    {%- call(rows) figures_of(
        'roll_rates',
        'debt_moves(p_as_of, p_known_at, p_period_days, p_periods)',
        moves_columns(),
        moves_arguments(),
        'company_id text, currency_code text, method text, basis text, bucket text, next_bucket text,'
        ~ ' numerator numeric, denominator numeric, roll_rate_pct numeric, flow_through_pct numeric, reason text'
    ) %}
        {{ roll_rates(['company_id', 'currency_code'], rows) }}
    {%- endcall %}

    {%- call sql_function(
        'cure_rates',
        'p_as_of date, p_known_at timestamptz, p_horizon_days integer default 90,'
        ~ ' p_cure_days integer default 30, p_min_days_past_due integer default 1',
        'company_id text, currency_code text, basis text, delinquent numeric, cured numeric, redefaulted numeric,'
        ~ ' written_off numeric, cure_rate_pct numeric, redefault_rate_pct numeric, reason text'
    ) %}
        {{
            cure_rates(
                'p_as_of', 'p_known_at', 'p_horizon_days', 'p_cure_days', 'p_min_days_past_due', balances, entries,
                ref('fct_daily_flows')
            )
        }}
    {%- endcall %}

    {%- call sql_function(
        'placement_changes',
        'p_as_of date, p_known_at timestamptz, p_days_past_due integer default 1, p_step_days integer default 30,'
        ~ ' p_months integer default 12',
        changes_columns()
    ) %}
        with

        settled as (
            {{ settled }}
        ),

        past_due as (
            {{ stretches_past_due('p_as_of', 'p_known_at', 'p_days_past_due', 'p_months', balances) }}
        ),

        placements as (
            {{ placements('p_as_of', 'p_known_at', 'p_days_past_due', 'p_months', 'past_due', balances) }}
        )

        select * from (
            {{ placement_changes('p_as_of', 'p_step_days', 'placements', 'past_due', 'settled') }}
        ) as changes
    {%- endcall %}

    {%- call(rows) figures_of(
        'vintages',
        'placement_changes(p_as_of, p_known_at, p_days_past_due, p_step_days, p_months)',
        changes_columns(),
        'p_as_of date, p_known_at timestamptz, p_days_past_due integer default 1, p_step_days integer default 30,'
        ~ ' p_steps integer default 12, p_months integer default 12',
        'company_id text, currency_code text, cohort_month date, step integer, days_since_placement integer,'
        ~ ' is_complete boolean, placed_items bigint, placed_amount numeric, collected_amount numeric,'
        ~ ' credited_amount numeric, written_off_amount numeric, open_amount numeric, collected_pct numeric, reason text',
        further=', p_as_of date, p_step_days integer, p_steps integer',
        further_given=', p_as_of, p_step_days, p_steps'
    ) %}
        {{ vintage_curves('p_as_of', 'p_step_days', 'p_steps', rows) }}
    {%- endcall %}

    {%- call(rows) figures_of(
        'liquidation_rates',
        'placement_changes(p_as_of, p_known_at, p_days_past_due, 30, p_months)',
        changes_columns(),
        'p_as_of date, p_known_at timestamptz, p_days_past_due integer default 1, p_months integer default 12',
        'company_id text, currency_code text, cohort_month date, placed_items bigint, placed_amount numeric,'
        ~ ' collected_amount numeric, credited_amount numeric, written_off_amount numeric, open_amount numeric,'
        ~ ' liquidation_rate_pct numeric'
    ) %}
        {{ liquidation_rates(rows) }}
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
    {%- set kept = ref('fct_settled_without_cash') %}
    {%- call sql_function(
        name,
        'p_as_of date, p_known_at timestamptz' ~ further_arguments ~ ', p_factor numeric default 1,'
        ~ ' p_history_days integer default 365, p_loss_days integer default 180',
        'company_id text, currency_code text, segment text, bucket text, entered_items bigint, entered_amount numeric,'
        ~ ' unpaid_amount numeric, roll_rate numeric, loss_rate numeric, factor numeric, applied_rate numeric,'
        ~ ' balance_amount numeric, ecl_amount numeric, ecl_pct numeric, reason text'
    ) %}
        with
        settled as ({{ settled_kept_or_computed('p_known_at', kept, entries, balances) }})
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

{#- A function of figures that are computed from the rows of another function, the caller's SQL of a relation; and
    NAME_of(rows in JSON, `further` arguments), the same of rows that were asked for before: what takes seconds are the
    rows, and more than one table of a page is made of them. JSON keeps every decimal of a numeric. -#}
{% macro figures_of(name, rows, row_columns, arguments, columns, further='', further_given='') %}
    {%- set figures = caller('asked') %}
    {%- call sql_function(
        name ~ '_of',
        'p_rows jsonb' ~ further,
        columns
    ) %}
        with

        asked as (
            select * from jsonb_to_recordset(p_rows) as asked ({{ row_columns }})
        )

        select * from ({{ figures }}) as figures
    {%- endcall %}

    {%- call sql_function(name, arguments, columns) %}
        select figures.*
        from (select jsonb_agg(found) as rows from {{ this.schema }}.{{ rows }} as found) as asked
        cross join lateral {{ this.schema }}.{{ name }}_of(asked.rows{{ further_given }}) as figures
    {%- endcall %}
{% endmacro %}

{% macro moves_arguments() -%}
    p_as_of date, p_known_at timestamptz, p_period_days integer default 30, p_periods integer default 1
{%- endmacro %}

{% macro moves_columns() -%}
    company_id text, currency_code text, to_date date, from_number integer, to_number integer, is_new boolean,
    is_written_off boolean, items bigint, from_amount numeric, to_amount numeric, carried_amount numeric,
    written_off_amount numeric
{%- endmacro %}

{% macro changes_columns() -%}
    company_id text, currency_code text, cohort_month date, step integer, placed_items bigint, placed_amount numeric,
    open_amount numeric, credited_amount numeric, written_off_amount numeric
{%- endmacro %}
