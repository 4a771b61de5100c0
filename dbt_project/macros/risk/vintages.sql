{#- What was placed with the collectors and what came of it, by month of placement.

    A debt is placed when it has been past due for `days_past_due` days (1: the day after it was due), with what is
    open at the end of the day before; one issued or reopened later than that, the day after. Each debt is placed
    once. From then on placed = collected + credited + written off + open: a chargeback takes back what was collected. -#}

{#- The stretches of debts past due by so many days that reach into the months of the cohorts: all that those cohorts
    are made of, read once. -#}
{% macro stretches_past_due(as_of, known_at, days_past_due, months, balances) %}
    select
        debts.*,
        greatest(debts.valid_from, debts.due_date + {{ days_past_due }} - 1) + 1 as placeable_date
    from ({{ debts_known(known_at, balances) }}) as debts
    where
        debts.valid_to >= debts.due_date + {{ days_past_due }}
        and debts.valid_to >= {{ first_cohort(as_of, months) }}
        and debts.due_date + {{ days_past_due }} <= {{ as_of }}
        and debts.valid_from <= {{ as_of }}
{% endmacro %}

{#- One row per debt placed by the date: placed_date, cohort_month. What was due long before its cohort was issued late
    or reopened, or it was placed once already: then a stretch that ended earlier says so. -#}
{% macro placements(as_of, known_at, days_past_due, months, past_due, balances) %}
    select
        item_id,
        placed_date
    from (
        select
            item_id,
            family_id,
            min(due_date) as due_date,
            min(placeable_date) as placed_date
        from {{ past_due }} as past_due
        where valid_from < {{ as_of }}
        group by item_id, family_id
        having min(placeable_date) >= {{ first_cohort(as_of, months) }}
    ) as placeable
    where
        due_date + {{ days_past_due }} >= {{ first_cohort(as_of, months) }}
        or not exists (
            select 1
            from ({{ debts_known(known_at, balances) }}) as debts
            where
                debts.family_id = placeable.family_id
                and debts.item_id = placeable.item_id
                and debts.valid_to >= debts.due_date + {{ days_past_due }}
                and debts.valid_from < placeable.placed_date - 1
        )
{% endmacro %}

{#- the first day of the month so many months back; 1: of the date's own month -#}
{% macro first_cohort(as_of, months) -%}
    cast(date_trunc('month', cast({{ as_of }} as timestamp)) - make_interval(months => {{ months }} - 1) as date)
{%- endmacro %}

{#- What happened to the debts placed, by cohort and step: how much less was placed, open, credited and written off
    by the end of that step than by the one before. Step n ends n x step_days days after the day of placement. A
    stretch of days adds its amount at the step it begins in and takes it off at the one it ends in, so no debt is
    looked up step by step. -#}
{% macro placement_changes(as_of, step_days, placements, past_due, settled) %}
    with

    stretches as (
        select
            debts.item_id,
            debts.company_id,
            debts.currency_code,
            cast(date_trunc('month', cast(placed.placed_date as timestamp)) as date) as cohort_month,
            debts.debt_amount,
            debts.valid_from < placed.placed_date as is_placed,
            {{ placement_step('debts.valid_from', step_days) }} as from_step,
            case when debts.valid_to <= {{ as_of }} then {{ placement_step('debts.valid_to', step_days) }} end as to_step
        from {{ placements }} as placed
        inner join {{ past_due }} as debts on placed.item_id = debts.item_id
        where debts.valid_to >= placed.placed_date
    ),

    settled_placed as (
        select
            stretches.company_id,
            stretches.currency_code,
            stretches.cohort_month,
            {{ placement_step('settled.effective_date', step_days) }} as step,
            settled.credited_amount,
            settled.written_off_amount
        from {{ settled }} as settled
        inner join {{ placements }} as placed on settled.item_id = placed.item_id
        inner join stretches
            on
                settled.item_id = stretches.item_id
                and stretches.is_placed
        where
            settled.effective_date >= placed.placed_date
            and settled.effective_date <= {{ as_of }}
    )

    select
        company_id,
        currency_code,
        cohort_month,
        step,
        sum(placed_items) as placed_items,
        sum(placed_amount) as placed_amount,
        sum(open_amount) as open_amount,
        sum(credited_amount) as credited_amount,
        sum(written_off_amount) as written_off_amount
    from (
        select
            company_id,
            currency_code,
            cohort_month,
            from_step as step,
            case when is_placed then 1 else 0 end as placed_items,
            case when is_placed then debt_amount else 0 end as placed_amount,
            debt_amount as open_amount,
            0 as credited_amount,
            0 as written_off_amount
        from stretches

        union all

        select
            company_id,
            currency_code,
            cohort_month,
            to_step as step,
            0 as placed_items,
            0 as placed_amount,
            -debt_amount as open_amount,
            0 as credited_amount,
            0 as written_off_amount
        from stretches
        where to_step is not null

        union all

        select
            company_id,
            currency_code,
            cohort_month,
            step,
            0 as placed_items,
            0 as placed_amount,
            0 as open_amount,
            credited_amount,
            written_off_amount
        from settled_placed
    ) as changes
    group by
        company_id,
        currency_code,
        cohort_month,
        step
{% endmacro %}

{#- Vintage curves: cumulative collected % of each cohort by steps since placement. A step that not all debts of the
    cohort have lived through is marked incomplete: its figures are those so far, and the averages (cohort_month null)
    leave it out. Source: shared/facts/kpi_examples.yaml recovery_vintage_waterfall. -#}
{% macro vintage_curves(as_of, step_days, steps, changes) %}
    with

    grid as (
        select
            company_id,
            currency_code,
            cohort_month,
            series.step
        from (select distinct company_id, currency_code, cohort_month from {{ changes }} as changes) as cohorts
        cross join generate_series(0, {{ steps }}) as series (step)
        where cohort_month + (series.step - 1) * {{ step_days }} < {{ as_of }}
    ),

    by_step as (
        select
            company_id,
            currency_code,
            cohort_month,
            step
            {%- for measure in placement_measures() %},
            sum(coalesce({{ measure }}, 0)) over steps_so_far as {{ measure }}
            {%- endfor %}
        from grid
        left join {{ changes }} as changes using (company_id, currency_code, cohort_month, step)
        window steps_so_far as (partition by company_id, currency_code, cohort_month order by step)
    ),

    cohorts as (
        select
            *,
            cast(cohort_month + interval '1 month' as date) - 1 + step * {{ step_days }} <= {{ as_of }} as is_complete
        from by_step
    ),

    with_averages as (
        select * from cohorts

        union all

        select
            company_id,
            currency_code,
            cast(null as date) as cohort_month,
            step
            {%- for measure in placement_measures() %},
            coalesce(sum(case when is_complete then {{ measure }} end), 0) as {{ measure }}
            {%- endfor %},
            true as is_complete
        from cohorts
        group by company_id, currency_code, step
    )

    select
        company_id,
        currency_code,
        cohort_month,
        step,
        step * {{ step_days }} as days_since_placement,
        is_complete,
        cast(placed_items as bigint) as placed_items,
        placed_amount,
        placed_amount - open_amount - credited_amount - written_off_amount as collected_amount,
        credited_amount,
        written_off_amount,
        open_amount,
        100 * (placed_amount - open_amount - credited_amount - written_off_amount)
        / nullif(placed_amount, 0) as collected_pct,
        case when placed_amount = 0 then 'no cohort is old enough' end as reason
    from with_averages
{% endmacro %}

{#- Liquidation: collected to date over placed, by cohort, and of all cohorts asked for (cohort_month null).
    Source: shared/facts/kpi_examples.yaml liquidation_rate_constructed. -#}
{% macro liquidation_rates(changes) %}
    select
        company_id,
        currency_code,
        cohort_month,
        cast(sum(placed_items) as bigint) as placed_items,
        sum(placed_amount) as placed_amount,
        sum(placed_amount - open_amount - credited_amount - written_off_amount) as collected_amount,
        sum(credited_amount) as credited_amount,
        sum(written_off_amount) as written_off_amount,
        sum(open_amount) as open_amount,
        100 * sum(placed_amount - open_amount - credited_amount - written_off_amount)
        / sum(placed_amount) as liquidation_rate_pct
    from {{ changes }} as changes
    group by grouping sets ((company_id, currency_code, cohort_month), (company_id, currency_code))
{% endmacro %}

{#- the step at whose end this day has passed; the day of placement itself is step 0 -#}
{% macro placement_step(date, step_days) -%}
    greatest(({{ date }} - placed.placed_date + {{ step_days }} - 1) / {{ step_days }}, 0)
{%- endmacro %}

{% macro placement_measures() -%}
    {{ return(['placed_items', 'placed_amount', 'open_amount', 'credited_amount', 'written_off_amount']) }}
{%- endmacro %}
