{#- The days of the window are (as of - days, as of]; its opening is the end of this day. -#}
{% macro kpi_opening_date(as_of, window_days) -%}
    cast({{ dbt.dateadd('day', '-' ~ window_days, as_of) }} as date)
{%- endmacro %}

{#- the day whose rate a document needs in a view; none where it states its own, or another day's is asked for -#}
{% macro kpi_rate_day(view) -%}
    case when {{ view }} = 'company' and document_fx_rate is null then issue_date end
{%- endmacro %}

{#- The open instalments by keys, one row for all that are valued alike: a few of a million, in whatever view. Credit counts
    as zero: of items left out by a type that is computed the planner expects a two-hundredth, and sorts them. -#}
{% macro kpi_debt_documents(items, keys, view) %}
    select
        {{ keys | join(', ') }},
        {{ kpi_rate_day(view) }} as document_date,
        {{ amounts_of_documents("case when item_type = 'instalment' then open_amount else 0 end") }}
    from {{ items }} as items
    group by {{ keys | join(', ') }}, {{ kpi_rate_day(view) }}
{% endmacro %}

{#- All open items by keys, one row for all of the same age: a few thousand of a million. -#}
{% macro kpi_item_documents(items, keys) %}
    {%- set keys = keys + ['item_type', 'days_past_due', 'is_disputed'] %}
    select
        {{ keys | join(', ') }},
        issue_date as document_date,
        {{ amounts_of_documents('open_amount') }},
        count(*) as items
    from {{ items }} as items
    group by {{ keys | join(', ') }}, issue_date
{% endmacro %}

{#- What is owed at the end of a day by keys: AR is the open instalments, gross of unapplied credit. items: those of
    kpi_item_documents in a view. -#}
{% macro kpi_balances(keys, items, as_of) %}
    {%- set is_debt = "item_type = 'instalment'" %}
    {%- set is_late = is_debt ~ " and days_past_due > 0" %}
    select
        {{ keys | join(', ') }},
        {{ sum_known('view_amount', is_debt) }} as ar_amount,
        {{ sum_known('view_amount', is_late) }} as past_due_amount,
        {{ sum_known('view_amount', is_debt ~ " and is_disputed") }} as disputed_amount,
        {{ sum_known('-view_amount', "item_type = 'unapplied_credit'") }} as unapplied_amount,
        {{ sum_known('view_amount * ' ~ days_between('document_date', as_of), is_debt) }} as amount_days_since_issue,
        {{ sum_known('view_amount * days_past_due', is_late) }} as amount_days_past_due,
        sum(case when {{ is_debt }} then items else 0 end) as open_items,
        sum(case when {{ is_debt }} and is_disputed then items else 0 end) as disputed_items,
        min(missing_rate) as missing_rate
    from {{ items }} as items
    group by {{ keys | join(', ') }}
{% endmacro %}

{% macro kpi_balance_measures() %}
    {{ return([
        'ar_amount', 'past_due_amount', 'disputed_amount', 'unapplied_amount', 'amount_days_since_issue',
        'amount_days_past_due', 'open_items', 'disputed_items',
    ]) }}
{% endmacro %}

{#- balances by customer summed up by fewer keys -#}
{% macro kpi_balances_summed(keys, balances) %}
    select
        {{ keys | join(', ') }}
        {%- for measure in kpi_balance_measures() %},
        {{ sum_known(measure) }} as {{ measure }}
        {%- endfor %},
        min(missing_rate) as missing_rate
    from {{ balances }} as balances
    group by {{ keys | join(', ') }}
{% endmacro %}

{#- AR alone. debts: those of kpi_debt_documents in a view -#}
{% macro kpi_debts(keys, debts) %}
    select
        {{ keys | join(', ') }},
        {{ sum_known('view_amount') }} as ar_amount,
        min(missing_rate) as missing_rate
    from {{ debts }} as debts
    group by {{ keys | join(', ') }}
{% endmacro %}
