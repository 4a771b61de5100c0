{#- The instalments paid in full in the window, one row for all of the keys that took as long and are valued alike: paid on
    the day from which they owe nothing more, not before the day of issue. Left out is what was settled without any
    payment, or in part written off. -#}
{% macro kpi_settled_documents(keys, as_of, known_at, window_days, view, balances) %}
    select
        {{ keys | join(', ') }},
        {{ days_between('issue_date', 'settled_date') }} as days_to_pay,
        {{ days_between('due_date', 'settled_date') }} as days_late,
        {{ kpi_rate_day(view) }} as document_date,
        {{ amounts_of_documents('item_amount') }},
        count(*) as items
    from ({{ settled_as_of(as_of, known_at, kpi_opening_date(as_of, window_days), balances) }}) as settled
    where
        item_type = 'instalment'
        and is_paid
        and not is_written_off
        and item_amount > 0
    group by
        {{ keys | join(', ') }},
        {{ days_between('issue_date', 'settled_date') }},
        {{ days_between('due_date', 'settled_date') }},
        {{ kpi_rate_day(view) }}
{% endmacro %}

{#- their days, by amount in the currency of the view -#}
{% macro kpi_days_to_pay(keys, settled) %}
    select
        {{ keys | join(', ') }},
        {{ sum_known('view_amount') }} as paid_amount,
        {{ sum_known('view_amount * days_to_pay') }} as amount_days_to_pay,
        {{ sum_known('view_amount * days_late') }} as amount_days_late,
        sum(items) as paid_items,
        sum(items * days_to_pay) as days_to_pay,
        min(missing_rate) as missing_rate
    from {{ settled }} as settled
    group by {{ keys | join(', ') }}
{% endmacro %}
