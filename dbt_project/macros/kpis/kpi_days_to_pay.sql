{#- The instalments paid in full in the window, by amount: the day of payment is that of the last amount
    applied, not before the day of issue. Left out is what was settled without any payment, or in part
    written off. What was applied to an itemised invoice as a whole pays the instalment due first. -#}
{% macro kpi_days_to_pay(grain, as_of, known_at, window_days, entries, items) %}
    with

    own_entries as (
        select
            entry.item_id,
            sum(entry.amount) as balance_amount,
            max(case when entry.entry_type in ('applied', 'credited') then entry.effective_date end) as last_date,
            max(case when entry.entry_type = 'applied' then 1 else 0 end) as is_paid,
            max(case when entry.entry_type = 'written_off' then 1 else 0 end) as is_written_off
        from {{ entries }} as entry
        where
            entry.item_type = 'instalment'
            and entry.item_id is not null
            and entry.effective_date <= {{ as_of }}
            and {{ is_known('entry', known_at) }}
        group by entry.item_id
    ),

    pool_entries as (
        select
            entry.invoice_id,
            entry.effective_date,
            max(case when entry.entry_type = 'applied' then 1 else 0 end) as is_paid,
            max(case when entry.entry_type = 'written_off' then 1 else 0 end) as is_written_off,
            sum(-entry.amount) as amount
        from {{ entries }} as entry
        where
            entry.item_id is null
            and entry.effective_date <= {{ as_of }}
            and {{ is_known('entry', known_at) }}
        group by entry.invoice_id, entry.effective_date
    ),

    pools_by_day as (
        select
            invoice_id,
            effective_date,
            sum(amount) over (partition by invoice_id order by effective_date) as pool_amount
        from pool_entries
    ),

    pools as (
        select
            invoice_id,
            max(is_paid) as is_paid,
            max(is_written_off) as is_written_off,
            sum(amount) as pool_amount
        from pool_entries
        group by invoice_id
    ),

    instalments as (
        select
            item.item_id,
            item.company_id,
            item.currency_code,
            item.customer_id,
            item.invoice_id,
            item.issue_date,
            item.due_date,
            item.item_amount,
            own_entries.last_date,
            own_entries.is_paid,
            own_entries.is_written_off,
            own_entries.balance_amount,
            sum(greatest(own_entries.balance_amount, 0)) over (
                partition by item.invoice_id
                order by item.due_date, item.item_id
                rows between unbounded preceding and current row
            ) as needed_amount
        from own_entries
        inner join {{ items }} as item
            on
                own_entries.item_id = item.item_id
                and {{ is_known('item', known_at) }}
    ),

    closed_by_itself as (
        select
            {{ grain | join(', ') }},
            issue_date,
            due_date,
            item_amount,
            last_date
        from instalments
        where
            balance_amount <= 0
            and is_paid = 1
            and is_written_off = 0
    ),

    closed_by_pool as (
        select
            {{ grain | join(', ') }},
            instalments.issue_date,
            instalments.due_date,
            instalments.item_amount,
            greatest(
                coalesce(instalments.last_date, min(pools_by_day.effective_date)),
                min(pools_by_day.effective_date)
            ) as last_date
        from instalments
        inner join pools on instalments.invoice_id = pools.invoice_id
        inner join pools_by_day
            on
                instalments.invoice_id = pools_by_day.invoice_id
                and instalments.needed_amount <= pools_by_day.pool_amount
        where
            instalments.balance_amount > 0
            and instalments.needed_amount <= pools.pool_amount
            and instalments.is_paid + pools.is_paid > 0
            and instalments.is_written_off + pools.is_written_off = 0
        group by
            {{ grain | join(', ') }},
            instalments.item_id,
            instalments.issue_date,
            instalments.due_date,
            instalments.item_amount,
            instalments.last_date
    ),

    closed as (
        select * from closed_by_itself
        union all
        select * from closed_by_pool
    ),

    dated as (
        select
            {{ grain | join(', ') }},
            item_amount,
            issue_date,
            due_date,
            greatest(issue_date, last_date) as paid_date
        from closed
        where item_amount > 0
    ),

    measured as (
        select
            {{ grain | join(', ') }},
            item_amount,
            {{ days_between('issue_date', 'paid_date') }} as days_to_pay,
            {{ days_between('due_date', 'paid_date') }} as days_late
        from dated
        where
            paid_date > {{ kpi_opening_date(as_of, window_days) }}
            and paid_date <= {{ as_of }}
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
