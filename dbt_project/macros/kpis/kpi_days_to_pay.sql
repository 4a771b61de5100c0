{#- The instalments paid in full in the window: paid on the day from which they owe nothing more, not before the day of
    issue. Left out is what was settled without any payment, or in part written off. -#}
{% macro kpi_settled_documents(as_of, known_at, window_days, balances) %}
    select
        company_id,
        currency_code,
        customer_id,
        item_amount,
        document_fx_rate,
        issue_date as document_date,
        {{ days_between('issue_date', 'settled_date') }} as days_to_pay,
        {{ days_between('due_date', 'settled_date') }} as days_late
    from ({{ settled_as_of(as_of, known_at, kpi_opening_date(as_of, window_days), balances) }}) as settled
    where
        item_type = 'instalment'
        and is_paid
        and not is_written_off
        and item_amount > 0
{% endmacro %}

{#- their days, by amount in the currency of the view -#}
{% macro kpi_days_to_pay(keys, settled) %}
    select
        {{ keys | join(', ') }},
        {{ sum_known('item_amount * view_rate') }} as paid_amount,
        {{ sum_known('item_amount * view_rate * days_to_pay') }} as amount_days_to_pay,
        {{ sum_known('item_amount * view_rate * days_late') }} as amount_days_late,
        count(*) as paid_items,
        sum(days_to_pay) as days_to_pay,
        min(missing_rate) as missing_rate
    from {{ settled }} as settled
    group by {{ keys | join(', ') }}
{% endmacro %}
