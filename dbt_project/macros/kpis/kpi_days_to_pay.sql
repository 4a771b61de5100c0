{#- The instalments paid in full in the window, by amount: paid on the day from which they owe nothing more, not before
    the day of issue. Left out is what was settled without any payment, or in part written off. -#}
{% macro kpi_days_to_pay(grain, as_of, known_at, window_days, balances) %}
    with

    measured as (
        select
            {{ grain | join(', ') }},
            item_amount,
            {{ days_between('issue_date', 'settled_date') }} as days_to_pay,
            {{ days_between('due_date', 'settled_date') }} as days_late
        from ({{ settled_as_of(as_of, known_at, kpi_opening_date(as_of, window_days), balances) }}) as settled
        where
            item_type = 'instalment'
            and is_paid
            and not is_written_off
            and item_amount > 0
    )

    select
        {{ grain | join(', ') }},
        sum(item_amount) as paid_amount,
        sum(item_amount * days_to_pay) as amount_days_to_pay,
        sum(item_amount * days_late) as amount_days_late,
        count(*) as paid_items,
        sum(days_to_pay) as days_to_pay
    from measured
    group by {{ grain | join(', ') }}
{% endmacro %}
