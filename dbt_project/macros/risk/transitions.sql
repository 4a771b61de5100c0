{#- Where each debt stands at the ends of equal periods, and where it goes from one to the next. Point 0 is the end of
    the last period, point 1 its beginning, and so on back. -#}

{#- the date of a point: every so many days back from a date -#}
{% macro point_date(as_of, period_days, number) -%}
    {{ as_of }} - ({{ number }}) * {{ period_days }}
{%- endmacro %}

{#- One row per debt and point at which it is owed. Of a few points each is looked up, as the aging of a date is; of
    many, the stretches that reach any of them are read once. -#}
{% macro debt_positions(as_of, period_days, periods, known_at, balances) %}
    select
        item_id,
        company_id,
        currency_code,
        point_number,
        point_date,
        before_date,
        after_date,
        issue_date,
        debt_amount,
        {{ bucket_number(days_between('due_date', 'point_date')) }} as bucket_number
    from (
        {%- if periods is number and periods <= 3 %}
        {%- for number in range(periods + 1) %}
        {{ _debts_at_point(as_of, period_days, number, known_at, balances) }}
        {%- if not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
        {%- else %}
        {{ _debts_at_points(as_of, period_days, periods, known_at, balances) }}
        {%- endif %}
    ) as placed
{% endmacro %}

{% macro _debts_at_point(as_of, period_days, number, known_at, balances) %}
    {%- set date = point_date(as_of, period_days, number) %}
        select
            balance.*,
            balance.open_amount as debt_amount,
            {{ number }} as point_number,
            {{ date }} as point_date,
            {{ point_date(as_of, period_days, number + 1) }} as before_date,
            {{ point_date(as_of, period_days, number - 1) }} as after_date
        from ({{ balances_as_of('(' ~ date ~ ')', known_at, balances) }}) as balance
        where
            balance.item_type in ('instalment', 'chargeback')
            and balance.open_amount > 0
{%- endmacro %}

{% macro _debts_at_points(as_of, period_days, periods, known_at, balances) %}
        select
            debts.*,
            point.number as point_number,
            {{ point_date(as_of, period_days, 'point.number') }} as point_date,
            {{ point_date(as_of, period_days, 'point.number + 1') }} as before_date,
            {{ point_date(as_of, period_days, 'point.number - 1') }} as after_date
        from ({{ debts_known(known_at, balances) }}) as debts
        inner join generate_series(0, {{ periods }}) as point (number)
            on
                debts.valid_from <= {{ point_date(as_of, period_days, 'point.number') }}
                and debts.valid_to > {{ point_date(as_of, period_days, 'point.number') }}
        where
            debts.valid_from <= {{ as_of }}
            and debts.valid_to > {{ point_date(as_of, period_days, periods) }}
{%- endmacro %}

{#- One row per debt and period: from which bucket (null: not owed then) to which (null: settled), and what became of
    the amount. `positions` and `settled` are relations of the macros debt_positions and settled_without_cash. -#}
{% macro debt_moves(positions, periods, settled) %}
    with

    write_offs as (
        select
            opening.item_id,
            opening.point_number,
            sum(settled.written_off_amount) as ever_amount,
            sum(case when settled.effective_date > opening.point_date then settled.written_off_amount else 0 end) as amount
        from {{ positions }} as opening
        inner join {{ settled }} as settled on opening.item_id = settled.item_id
        where
            opening.point_number > 0
            and settled.written_off_amount <> 0
            and settled.effective_date <= opening.after_date
        group by opening.item_id, opening.point_number
    ),

    paired as (
        select
            coalesce(opening.company_id, closing.company_id) as company_id,
            coalesce(opening.currency_code, closing.currency_code) as currency_code,
            coalesce(opening.after_date, closing.point_date) as to_date,
            opening.bucket_number as from_number,
            closing.bucket_number as to_number,
            coalesce(closing.issue_date > closing.before_date, false) as is_new,
            coalesce(opening.debt_amount, 0) as from_amount,
            coalesce(closing.debt_amount, 0) as to_amount,
            coalesce(write_offs.ever_amount, 0) > 0 as is_written_off,
            greatest(coalesce(write_offs.amount, 0), 0) as written_off_amount
        from (select * from {{ positions }} as positions where point_number > 0) as opening
        full join (select * from {{ positions }} as positions where point_number < {{ periods }}) as closing
            on
                opening.item_id = closing.item_id
                and opening.point_number = closing.point_number + 1
        left join write_offs
            on
                opening.item_id = write_offs.item_id
                and opening.point_number = write_offs.point_number
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
