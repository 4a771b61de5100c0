{#- Where each debt stands at the ends of equal periods, and where it goes from one to the next. Point 0 is the end of
    the last period, point 1 its beginning, and so on back. -#}

{#- the date of a point: every so many days back from a date -#}
{% macro point_date(as_of, period_days, number) -%}
    {{ as_of }} - ({{ number }}) * {{ period_days }}
{%- endmacro %}

{#- The stretches of debts that reach any of the points, each once. Of a few points they are looked up, as the aging of a
    date is: those of the first one, and those that began between two. Of many, all are read. Where the number is asked
    for, it is known when the statement is planned, and what is not needed for it is gone by then. -#}
{% macro debts_at_points(as_of, period_days, periods, known_at, balances) %}
    {%- set few = 3 %}
    {%- for number in range((periods if periods is number else few) + 1) %}
    {{ _debts_at_point(as_of, period_days, number, periods, known_at, balances) }}
        {%- if periods is not number %}
        and {{ number }} <= {{ periods }}
        and {{ periods }} <= {{ few }}
        {%- endif %}
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}
    {%- if periods is not number %}

    union all

    select {{ _stretch_of_debt() }}
    from ({{ debts_known(known_at, balances) }}) as debts
    where
        valid_from <= {{ as_of }}
        and valid_to > {{ point_date(as_of, period_days, periods) }}
        and {{ periods }} > {{ few }}
    {%- endif %}
{% endmacro %}

{% macro _debts_at_point(as_of, period_days, number, periods, known_at, balances) %}
    {%- set date = point_date(as_of, period_days, number) %}
    select {{ _stretch_of_debt() }}
    from ({{ debts_known(known_at, '(' ~ balances_as_of('(' ~ date ~ ')', known_at, balances) ~ ')') }}) as debts
    where (
            valid_from > {{ point_date(as_of, period_days, number + 1) }}
            or {{ number }} = {{ periods }}
        )
{%- endmacro %}

{% macro _stretch_of_debt() -%}
    item_id, company_id, currency_code, debt_amount, issue_date, due_date, valid_from, valid_to
{%- endmacro %}

{#- what was owed at one end of a period by debts that were not owed the same at the other: that they moved is said -#}
{% macro _debts_that_moved(debts, end, moved) -%}
    select
        debts.*,
        periods.*,
        {{ bucket_number(days_between('debts.due_date', end)) }} as bucket_number
    from {{ debts }} as debts
    inner join periods on {{ is_valid('debts', end) }} and {{ moved }}
{%- endmacro %}

{#- The debts of every period: from which bucket (null: not owed then) to which (null: settled), how many they are and
    what became of the amount. `debts` and `settled` are relations of the macros debts_at_points and settled_without_cash.

    A debt that owes the same at both ends of a period stands in one stretch; only the others have to be paired. -#}
{% macro debt_moves(debts, as_of, period_days, periods, settled) %}
    with

    periods as (
        select
            series.number as period_number,
            {{ point_date(as_of, period_days, 'series.number') }} as from_date,
            {{ point_date(as_of, period_days, 'series.number - 1') }} as to_date
        from generate_series(1, {{ periods }}) as series (number)
    ),

    kept as (
        select
            debts.company_id,
            debts.currency_code,
            periods.to_date,
            {{ bucket_number(days_between('debts.due_date', 'periods.from_date')) }} as from_number,
            {{ bucket_number(days_between('debts.due_date', 'periods.to_date')) }} as to_number,
            count(*) as items,
            sum(debts.debt_amount) as amount
        from {{ debts }} as debts
        inner join periods on debts.valid_from <= periods.from_date and debts.valid_to > periods.to_date
        group by 1, 2, 3, 4, 5
    ),

    opening as (
        {{ _debts_that_moved(debts, 'periods.from_date', 'debts.valid_to <= periods.to_date') }}
    ),

    closing as (
        {{ _debts_that_moved(debts, 'periods.to_date', 'debts.valid_from > periods.from_date') }}
    ),

    write_offs as (
        select
            opening.item_id,
            opening.period_number,
            sum(settled.written_off_amount) as ever_amount,
            sum(case when settled.effective_date > opening.from_date then settled.written_off_amount else 0 end) as amount
        from opening
        inner join {{ settled }} as settled on opening.item_id = settled.item_id
        where
            settled.written_off_amount <> 0
            and settled.effective_date <= opening.to_date
        group by opening.item_id, opening.period_number
    ),

    paired as (
        select
            coalesce(opening.company_id, closing.company_id) as company_id,
            coalesce(opening.currency_code, closing.currency_code) as currency_code,
            coalesce(opening.to_date, closing.to_date) as to_date,
            opening.bucket_number as from_number,
            closing.bucket_number as to_number,
            coalesce(closing.issue_date > closing.from_date, false) as is_new,
            coalesce(opening.debt_amount, 0) as from_amount,
            coalesce(closing.debt_amount, 0) as to_amount,
            coalesce(write_offs.ever_amount, 0) > 0 as is_written_off,
            greatest(coalesce(write_offs.amount, 0), 0) as written_off_amount
        from opening
        full join closing
            on
                opening.item_id = closing.item_id
                and opening.period_number = closing.period_number
        left join write_offs
            on
                opening.item_id = write_offs.item_id
                and opening.period_number = write_offs.period_number
    )

    select
        company_id,
        currency_code,
        to_date,
        from_number,
        to_number,
        is_new,
        is_written_off,
        count(*) as items,
        sum(from_amount) as from_amount,
        sum(to_amount) as to_amount,
        sum(least(from_amount, to_amount)) as carried_amount,
        sum(least(greatest(from_amount - to_amount, 0), written_off_amount)) as written_off_amount
    from paired
    group by
        company_id,
        currency_code,
        to_date,
        from_number,
        to_number,
        is_new,
        is_written_off

    union all

    -- what was written off of them does not count: all of it is owed at the end as well
    select
        company_id,
        currency_code,
        to_date,
        from_number,
        to_number,
        false as is_new,
        false as is_written_off,
        items,
        amount as from_amount,
        amount as to_amount,
        amount as carried_amount,
        0 as written_off_amount
    from kept
{% endmacro %}

{#- The transition matrix: how much of each state went to each, in debts and in money. `moves` is a relation of
    debt_moves. Two states are not left: paid (by money or credit) and written_off. What was not owed at the beginning
    stands in the rows `new` and `reopened`, so that the columns add up to the aging at the end. -#}
{% macro transition_matrix(grain, moves) %}
    {%- set keys = grain | join(', ') %}
    with

    cells as (
        select
            {{ keys }},
            case
                when from_number is not null then {{ bucket_name('from_number') }}
                when is_new then 'new'
                else 'reopened'
            end as from_state,
            coalesce(from_number, -1) as from_number,
            case
                when to_number is not null then {{ bucket_name('to_number') }}
                when is_written_off then 'written_off'
                else 'paid'
            end as to_state,
            items,
            case when from_number is null then to_amount else carried_amount end as amount
        from {{ moves }} as moves

        union all

        select
            {{ keys }},
            {{ bucket_name('from_number') }} as from_state,
            from_number,
            'paid' as to_state,
            0 as items,
            from_amount - carried_amount - written_off_amount as amount
        from {{ moves }} as moves
        where from_number is not null

        union all

        select
            {{ keys }},
            {{ bucket_name('from_number') }} as from_state,
            from_number,
            'written_off' as to_state,
            0 as items,
            written_off_amount as amount
        from {{ moves }} as moves
        where from_number is not null

        union all

        -- more was owed at the end than at the beginning
        select
            {{ keys }},
            'reopened' as from_state,
            -1 as from_number,
            {{ bucket_name('to_number') }} as to_state,
            0 as items,
            to_amount - carried_amount as amount
        from {{ moves }} as moves
        where from_number is not null and to_number is not null
    ),

    summed as (
        select
            {{ keys }},
            from_state,
            to_state,
            min(from_number) >= 0 as is_followed,
            cast(sum(items) as bigint) as items,
            sum(amount) as amount
        from cells
        group by {{ keys }}, from_state, to_state
        having sum(items) <> 0 or sum(amount) <> 0
    )

    select
        {{ keys }},
        from_state,
        to_state,
        items,
        amount,
        case when is_followed then 100 * items / sum(items) over of_row end as items_pct,
        case when is_followed then 100 * amount / sum(amount) over of_row end as amount_pct
    from summed
    window of_row as (partition by {{ keys }}, from_state)

    union all

    select distinct
        {{ keys }},
        absorbing.state as from_state,
        absorbing.state as to_state,
        cast(null as bigint) as items,
        cast(null as numeric) as amount,
        100 as items_pct,
        100 as amount_pct
    from summed
    cross join (values ('paid'), ('written_off')) as absorbing (state)
{% endmacro %}
