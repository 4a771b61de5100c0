{#- The days of the window are (as of - days, as of]; its opening is the end of this day. -#}
{% macro kpi_opening_date(as_of, window_days) -%}
    cast({{ dbt.dateadd('day', '-' ~ window_days, as_of) }} as date)
{%- endmacro %}

{#- What is owed at the end of a day by keys: AR is the open instalments, gross of unapplied credit. items: open items in a
    view (rows_in_view). -#}
{% macro kpi_balances(keys, items) %}
    {%- set is_debt = "item_type = 'instalment'" %}
    {%- set is_late = is_debt ~ " and days_past_due > 0" %}
    select
        {{ keys | join(', ') }},
        {{ sum_known('open_amount * view_rate', is_debt) }} as ar_amount,
        {{ sum_known('open_amount * view_rate', is_late) }} as past_due_amount,
        {{ sum_known('open_amount * view_rate', is_debt ~ " and is_disputed") }} as disputed_amount,
        {{ sum_known('-open_amount * view_rate', "item_type = 'unapplied_credit'") }} as unapplied_amount,
        {{ sum_known('open_amount * view_rate * days_since_issue', is_debt) }} as amount_days_since_issue,
        {{ sum_known('open_amount * view_rate * days_past_due', is_late) }} as amount_days_past_due,
        sum(case when {{ is_debt }} then 1 else 0 end) as open_items,
        sum(case when {{ is_debt }} and is_disputed then 1 else 0 end) as disputed_items,
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
