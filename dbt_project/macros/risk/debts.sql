{#- The debts behind roll rates, cures, vintages and expected losses: instalments (and chargebacks) above zero, each
    with the stretches of days over which it owed one amount. -#}

{#- every stretch of every debt, as known at a moment -#}
{% macro debts_known(known_at, balances) %}
    select
        balance.item_id,
        balance.family_id,
        balance.company_id,
        balance.customer_id,
        balance.invoice_id,
        balance.currency_code,
        balance.item_amount,
        balance.open_amount as debt_amount,
        balance.issue_date,
        balance.due_date,
        balance.valid_from,
        balance.valid_to
    from {{ balances }} as balance
    where
        balance.item_type in ('instalment', 'chargeback')
        and balance.open_amount > 0
        and {{ is_known('balance', known_at) }}
{% endmacro %}

{#- The names of the buckets in order, and the number of that of some days past due: 0 is not due. -#}
{% macro bucket_names() -%}
    {%- set edges = var('bucket_edges') -%}
    {%- set names = ['not_due'] -%}
    {%- for edge in edges[1:] -%}
        {%- do names.append((edges[loop.index0] + 1) ~ '-' ~ edge) -%}
    {%- endfor -%}
    {{ return(names + [edges[-1] ~ '+']) }}
{%- endmacro %}

{% macro bucket_number(days) -%}
    case
        {%- for edge in var('bucket_edges') %}
        when {{ days }} <= {{ edge }} then {{ loop.index0 }}
        {%- endfor %}
        else {{ var('bucket_edges') | length }}
    end
{%- endmacro %}

{% macro bucket_name(number) -%}
    case {{ number }}
        {%- for name in bucket_names() %}
        when {{ loop.index0 }} then '{{ name }}'
        {%- endfor %}
    end
{%- endmacro %}

{#- entries that settle without money; an index holds just them -#}
{% macro is_without_cash() -%}
    entry_type in ('credited', 'written_off', 'write_off_reversed')
{%- endmacro %}

{#- entries of net sales, what the bridge of DSO reads of a window; an index holds just them -#}
{% macro is_of_sales() -%}
    entry_type in ('invoiced', 'credit_noted')
{%- endmacro %}

{#- What left the debts without money, by item and day: credited or written off (a reversal is below zero).

    On one instalment it is what the ledger says, but no more than the debt fell by on that day: what exceeds a debt
    was not needed to settle it. On an itemised invoice as a whole it goes to the instalments in proportion to what
    else each fell by that day. -#}
{% macro settled_without_cash(known_at, entries, balances) %}
    with

    entries_summed as (
        select
            entry.family_id,
            entry.item_id,
            entry.invoice_id,
            entry.effective_date,
            sum(case when entry.entry_type = 'credited' then -entry.amount else 0 end) as credited_amount,
            sum(case when entry.entry_type = 'credited' then 0 else -entry.amount end) as written_off_amount
        from {{ entries }} as entry
        where
            entry.{{ is_without_cash() }}
            and entry.item_type in ('instalment', 'chargeback')
            and {{ is_known('entry', known_at) }}
        group by
            entry.family_id,
            entry.item_id,
            entry.invoice_id,
            entry.effective_date
    ),

    item_entries as (
        select
            family_id,
            item_id,
            effective_date,
            sum(credited_amount) as credited_amount,
            sum(written_off_amount) as written_off_amount
        from entries_summed
        where item_id is not null
        group by family_id, item_id, effective_date
    ),

    pool_entries as (
        select
            family_id,
            invoice_id,
            effective_date,
            credited_amount,
            written_off_amount,
            credited_amount + written_off_amount as amount
        from entries_summed
        where item_id is null
    ),

    pool_days as (
        select distinct
            debts.family_id,
            debts.item_id,
            pool_entries.invoice_id,
            pool_entries.effective_date
        from pool_entries
        inner join ({{ debts_known(known_at, balances) }}) as debts
            on
                pool_entries.family_id = debts.family_id
                and pool_entries.invoice_id = debts.invoice_id
    ),

    item_days as (
        select family_id, item_id, effective_date from item_entries
        union
        select family_id, item_id, effective_date from pool_days
    ),

    -- by how much each debt fell on the day; found by family, on which the balances have an index. A left join whose
    -- days without a debt are dropped afterwards: of an inner join over a stretch of days the planner expects one row,
    -- and joins what follows row by row
    falls as (
        select
            item_days.item_id,
            item_days.effective_date,
            min(debts.company_id) as company_id,
            sum(
                case when debts.valid_from < item_days.effective_date then debts.debt_amount else 0 end
                - case when debts.valid_to > item_days.effective_date then debts.debt_amount else 0 end
            ) as fall_amount
        from item_days
        left join ({{ debts_known(known_at, balances) }}) as debts
            on
                item_days.family_id = debts.family_id
                and item_days.item_id = debts.item_id
                and item_days.effective_date >= debts.valid_from
                and item_days.effective_date <= debts.valid_to
        group by item_days.item_id, item_days.effective_date
        having count(debts.item_id) > 0
    ),

    by_item as (
        select
            item_id,
            falls.effective_date,
            falls.company_id,
            falls.fall_amount,
            coalesce(item_entries.credited_amount, 0) * share.value as credited_amount,
            coalesce(item_entries.written_off_amount, 0) * share.value as written_off_amount
        from falls
        left join item_entries using (item_id, effective_date)
        cross join lateral (
            select
                case
                    when item_entries.credited_amount + item_entries.written_off_amount > greatest(falls.fall_amount, 0)
                        then
                            greatest(falls.fall_amount, 0)
                            / (item_entries.credited_amount + item_entries.written_off_amount)
                    else 1
                end as value
        ) as share
    ),

    -- in the direction of what came on the invoice: down, or up when a write-off was reversed
    pool_rests as (
        select
            pool_days.item_id,
            by_item.company_id,
            pool_entries.*,
            greatest(
                sign(pool_entries.amount)
                * (by_item.fall_amount - by_item.credited_amount - by_item.written_off_amount),
                0
            ) as rest_amount
        from pool_days
        inner join pool_entries
            on
                pool_days.invoice_id = pool_entries.invoice_id
                and pool_days.effective_date = pool_entries.effective_date
        inner join by_item
            on
                pool_days.item_id = by_item.item_id
                and pool_days.effective_date = by_item.effective_date
    ),

    pool_shares as (
        select
            item_id,
            effective_date,
            company_id,
            credited_amount,
            written_off_amount,
            rest_amount / nullif(
                greatest(abs(amount), sum(rest_amount) over (partition by invoice_id, effective_date)), 0
            ) as share
        from pool_rests
    )

    select
        company_id,
        item_id,
        effective_date,
        sum(credited_amount) as credited_amount,
        sum(written_off_amount) as written_off_amount
    from (
        select company_id, item_id, effective_date, credited_amount, written_off_amount from by_item
        union all
        select company_id, item_id, effective_date, credited_amount * share, written_off_amount * share from pool_shares
    ) as settled
    group by company_id, item_id, effective_date
    having sum(credited_amount) <> 0 or sum(written_off_amount) <> 0
{% endmacro %}

{#- the same for a question: kept for the moment of the publication, computed for any other. Both moments are known
    when a statement is planned, so the other half of it is gone by then. -#}
{% macro settled_kept_or_computed(moment_asked, kept, entries, balances) %}
    select
        item_id,
        effective_date,
        credited_amount,
        written_off_amount
    from {{ kept }} as kept
    where {{ moment_asked }} = {{ known_at() }}

    union all

    select
        item_id,
        effective_date,
        credited_amount,
        written_off_amount
    from ({{ settled_without_cash(moment_asked, entries, balances) }}) as computed
    where {{ moment_asked }} <> {{ known_at() }}
{% endmacro %}
