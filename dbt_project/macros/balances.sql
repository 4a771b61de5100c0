{#- The rows of fct_item_balances at a point of the two clocks, found without reading the others.

    A row is a rectangle: a stretch of days by a stretch of knowledge. Rows of one class are shorter than the class's
    days, so those that hold a day begin at most that many days before it: an index on class and begin finds them,
    reading at most about twice what it gives. A row that is still known is found by its stretch of days, one that is
    not by its stretch of knowledge (classes below zero); an instalment that owes nothing by the day it was settled.
    A whole build writes them in that order. -#}

{% macro _balance_class_days() -%}
    {{ return([8, 16, 32, 64, 128, 256, 512, 1024]) }}
{%- endmacro %}

{% macro _longest_class() -%}{{ return(20) }}{%- endmacro %}

{% macro _settled_class() -%}{{ return(30) }}{%- endmacro %}

{% macro balance_lookup_class(recorded_to) -%}
    cast(
        case
            when open_amount = 0 and {{ recorded_to }} = {{ forever() }} then {{ _settled_class() }}
            when open_amount = 0 then -{{ _settled_class() }}
            {%- for days in _balance_class_days() %}
            when
                {{ recorded_to }} = {{ forever() }}
                and {{ days_between('valid_from', 'valid_to') }} < {{ days }}
                then {{ loop.index }}
            {%- endfor %}
            when {{ recorded_to }} = {{ forever() }} then {{ _longest_class() }}
            {%- for days in _balance_class_days() %}
            when {{ days_between(utc_date('recorded_from'), utc_date(recorded_to)) }} < {{ days }} then -{{ loop.index }}
            {%- endfor %}
            else -{{ _longest_class() }}
        end as smallint
    )
{%- endmacro %}

{% macro balance_lookup_date(recorded_to) -%}
    case
        when open_amount = 0 then settled_date
        when {{ recorded_to }} = {{ forever() }} then valid_from
        else {{ utc_date('recorded_from') }}
    end
{%- endmacro %}

{#- Stretches of balances with settled_date: the day on which the item came to owe nothing more, last before the stretch;
    null while it owes. Asked right where the stretches are made, so that both share one sorting.
    is_sliced is one word per item and moment; named as a key, a question for the sliced ones alone is asked of them only. -#}
{% macro settled_dates(balances, was_debt='coalesce(lag(balance_amount) over days_so_far, 1) > 0') %}
    select
        marked.*,
        case
            when balance_amount <= 0
                then max(settled_on_date) over (
                    partition by item_id, recorded_from, is_sliced
                    order by valid_from
                    rows between unbounded preceding and current row
                )
        end as settled_date
    from (
        select
            balances.*,
            case
                when balance_amount <= 0 and {{ was_debt }} then valid_from
            end as settled_on_date
        from {{ balances }} as balances
        window days_so_far as (partition by item_id, recorded_from, is_sliced order by valid_from)
    ) as marked
{% endmacro %}

{#- is the day one of the stretch that begins valid_from and ends before valid_to? -#}
{% macro is_valid(stretch, date) -%}
    {{ stretch }}.valid_from <= {{ date }} and {{ stretch }}.valid_to > {{ date }}
{%- endmacro %}

{#- what is open as of a date, known at a moment: debts above zero, credit below -#}
{% macro balances_as_of(as_of, known_at, balances) %}
    select balance.*
    from {{ balances }} as balance
    where
        (
            {%- for days in _balance_class_days() %}
            (
                balance.lookup_class = {{ loop.index }}
                and balance.lookup_date > {{ _days_before(as_of, days) }}
                and balance.lookup_date <= {{ as_of }}
            )
            or
            {%- endfor %}
            (balance.lookup_class = {{ _longest_class() }} and balance.lookup_date <= {{ as_of }})
            or {{ _was_known('balance', known_at) }}
        )
        and {{ is_valid('balance', as_of) }}
        and {{ is_known('balance', known_at) }}
{% endmacro %}

{#- what was open on any day after `since`, or at its end, until a date: what was open then, and what began later -#}
{% macro balances_since(since, as_of, known_at, balances) %}
    {{ balances_as_of(since, known_at, balances) }}

    union all

    select later.*
    from {{ balances }} as later
    where
        (
            {%- for class in range(1, _balance_class_days() | length + 1) | list + [_longest_class()] %}
            (
                later.lookup_class = {{ class }}
                and later.lookup_date > {{ since }}
                and later.lookup_date <= {{ as_of }}
            )
            or
            {%- endfor %}
            {{ _was_known('later', known_at) }}
        )
        and later.valid_from > {{ since }}
        and later.valid_from <= {{ as_of }}
        and {{ is_known('later', known_at) }}
{% endmacro %}

{#- may a stretch that is not known any more have been known at the moment? -#}
{% macro _was_known(stretch, known_at) %}
            {%- for days in _balance_class_days() -%}
            (
                {{ stretch }}.lookup_class = -{{ loop.index }}
                and {{ stretch }}.lookup_date > {{ _days_before(utc_date(known_at), days) }}
                and {{ stretch }}.lookup_date <= {{ utc_date(known_at) }}
            )
            or {% endfor -%}
            ({{ stretch }}.lookup_class = -{{ _longest_class() }} and {{ stretch }}.lookup_date <= {{ utc_date(known_at) }})
{%- endmacro %}

{#- the debts that owe nothing as of a date, settled after the day `since` -#}
{% macro settled_as_of(as_of, known_at, since, balances) %}
    select balance.*
    from {{ balances }} as balance
    where
        balance.lookup_class in ({{ _settled_class() }}, -{{ _settled_class() }})
        and balance.lookup_date > {{ since }}
        and balance.lookup_date <= {{ as_of }}
        and {{ is_valid('balance', as_of) }}
        and {{ is_known('balance', known_at) }}

    union all

    -- found by an index of just these
    select overpaid.*
    from {{ balances }} as overpaid
    where
        overpaid.{{ is_overpaid() }}
        and overpaid.item_type in ('instalment', 'chargeback')
        and overpaid.settled_date > {{ since }}
        and overpaid.settled_date <= {{ as_of }}
        and {{ is_valid('overpaid', as_of) }}
        and {{ is_known('overpaid', known_at) }}
{% endmacro %}

{#- credit, or a debt paid beyond its amount, which is credit too -#}
{% macro is_overpaid() -%}
    open_amount < 0
{%- endmacro %}

{% macro _days_before(date, days) -%}
    cast({{ dbt.dateadd('day', -days, date) }} as date)
{%- endmacro %}
