"""Roll rates, cures, vintages and expected credit losses: typed reads of the functions of `serve`.

All figures are per company and currency, in transaction currency, and Decimal; a null says why in `reason`. What each
column says stands with the macros in dbt_project/macros/risk, which also name their sources.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable, Identifier, Placeholder
from psycopg2.sql import Literal as Text

from cartera.warehouse import read
from cartera.warehouse.hashed import hashed

Method = Literal["tracked", "net_flow"]
Basis = Literal["amount", "count"]

STATES = ("new", "reopened", *read.BUCKETS, "paid", "written_off")
"""Of a debt at the ends of a period, in order; the last two are not left, the first two only begun from."""


def roll_rates(
    connection: Connection,
    as_of: dt.date,
    known_at: dt.datetime,
    *,
    method: Method | None = None,
    basis: Basis | None = None,
    period_days: int = 30,
    periods: int = 1,
) -> list[read.Row]:
    """company_id, currency_code, method, basis, bucket, next_bucket, numerator, denominator, roll_rate_pct,
    flow_through_pct, reason: by one method and basis, or by each.

    Of the `periods` periods of `period_days` that end at `as_of`, added up. Percentages, 0 to 100 if tracked.
    """
    moves = _debt_moves(connection, as_of, known_at, period_days, periods)
    return _roll_rates_of(connection, moves, method, basis)


def transitions(
    connection: Connection, as_of: dt.date, known_at: dt.datetime, *, period_days: int = 30, periods: int = 1
) -> list[read.Row]:
    """company_id, currency_code, from_state, to_state, items, amount, items_pct, amount_pct: states as in STATES.

    The percentages of what was owed at the beginning add up to 100 by from_state.
    """
    return _transitions_of(connection, _debt_moves(connection, as_of, known_at, period_days, periods))


def roll_rates_and_transitions(
    connection: Connection, as_of: dt.date, known_at: dt.datetime, *, period_days: int = 30, periods: int = 1
) -> tuple[list[read.Row], list[read.Row]]:
    """Both, by each method and basis, in little more time than one: what takes long is what they are made of."""
    moves = _debt_moves(connection, as_of, known_at, period_days, periods)
    return _roll_rates_of(connection, moves), _transitions_of(connection, moves)


def _debt_moves(
    connection: Connection, as_of: dt.date, known_at: dt.datetime, period_days: int, periods: int
) -> str | None:
    given = {"period_days": period_days, "periods": periods}
    with hashed(connection):
        return _asked_once(connection, "debt_moves", as_of, known_at, given)


def _roll_rates_of(
    connection: Connection, moves: str | None, method: Method | None = None, basis: Basis | None = None
) -> list[read.Row]:
    query = SQL(
        "select company_id, currency_code, method, basis, bucket, next_bucket, numerator, denominator, roll_rate_pct,"
        " flow_through_pct, reason from serve.roll_rates_of(%(moves)s)"
        " where (%(method)s::text is null or method = %(method)s) and (%(basis)s::text is null or basis = %(basis)s)"
        " order by company_id, currency_code, method, basis, {bucket}"
    ).format(bucket=_place("bucket", read.BUCKETS))
    return read.rows(connection, query, {"moves": moves, "method": method, "basis": basis})


def _transitions_of(connection: Connection, moves: str | None) -> list[read.Row]:
    query = SQL(
        "select * from serve.transitions_of(%(moves)s) order by company_id, currency_code, {from_state}, {to_state}"
    ).format(from_state=_place("from_state", STATES), to_state=_place("to_state", STATES))
    return read.rows(connection, query, {"moves": moves})


def cure_rates(
    connection: Connection,
    as_of: dt.date,
    known_at: dt.datetime,
    *,
    horizon_days: int = 90,
    cure_days: int = 30,
    min_days_past_due: int = 1,
) -> list[read.Row]:
    """company_id, currency_code, basis, delinquent, cured, redefaulted, written_off, cure_rate_pct,
    redefault_rate_pct, reason: customers (basis count) or what they owed past due at the start (amount)."""
    query = SQL("select * from {rates} order by company_id, currency_code, basis desc").format(
        rates=_call("cure_rates", "horizon_days", "cure_days", "min_days_past_due")
    )
    given = {"horizon_days": horizon_days, "cure_days": cure_days, "min_days_past_due": min_days_past_due}
    with hashed(connection):
        return read.rows(connection, query, _clocks(as_of, known_at) | given)


def vintages(
    connection: Connection,
    as_of: dt.date,
    known_at: dt.datetime,
    *,
    days_past_due: int = 1,
    step_days: int = 30,
    steps: int = 12,
    months: int = 12,
) -> list[read.Row]:
    """One row per cohort (cohort_month; None: the average of the complete ones) and step since placement.

    company_id, currency_code, cohort_month, step, days_since_placement, is_complete, placed_items, placed_amount,
    collected_amount, credited_amount, written_off_amount, open_amount, collected_pct, reason.
    """
    changes = _placement_changes(connection, as_of, known_at, days_past_due, step_days, months)
    return _vintages_of(connection, changes, as_of, step_days, steps)


def liquidation_rates(
    connection: Connection, as_of: dt.date, known_at: dt.datetime, *, days_past_due: int = 1, months: int = 12
) -> list[read.Row]:
    """company_id, currency_code, cohort_month (None: all), placed_items, placed_amount, collected_amount,
    credited_amount, written_off_amount, open_amount, liquidation_rate_pct: from placement to `as_of`."""
    return _liquidation_rates_of(connection, _placement_changes(connection, as_of, known_at, days_past_due, 30, months))


def vintages_and_liquidation_rates(
    connection: Connection,
    as_of: dt.date,
    known_at: dt.datetime,
    *,
    days_past_due: int = 1,
    step_days: int = 30,
    steps: int = 12,
    months: int = 12,
) -> tuple[list[read.Row], list[read.Row]]:
    """Both of the same cohorts, in little more time than one."""
    changes = _placement_changes(connection, as_of, known_at, days_past_due, step_days, months)
    return _vintages_of(connection, changes, as_of, step_days, steps), _liquidation_rates_of(connection, changes)


def _placement_changes(
    connection: Connection, as_of: dt.date, known_at: dt.datetime, days_past_due: int, step_days: int, months: int
) -> str | None:
    given = {"days_past_due": days_past_due, "step_days": step_days, "months": months}
    return _asked_once(connection, "placement_changes", as_of, known_at, given)


def _vintages_of(
    connection: Connection, changes: str | None, as_of: dt.date, step_days: int, steps: int
) -> list[read.Row]:
    return read.rows(
        connection,
        "select * from serve.vintages_of(%(changes)s, %(as_of)s, %(step_days)s, %(steps)s)"
        " order by company_id, currency_code, cohort_month nulls last, step",
        {"changes": changes, "as_of": as_of, "step_days": step_days, "steps": steps},
    )


def _liquidation_rates_of(connection: Connection, changes: str | None) -> list[read.Row]:
    return read.rows(
        connection,
        "select * from serve.liquidation_rates_of(%(changes)s)"
        " order by company_id, currency_code, cohort_month nulls last",
        {"changes": changes},
    )


def expected_losses(
    connection: Connection,
    as_of: dt.date,
    known_at: dt.datetime,
    *,
    factor: Decimal = Decimal(1),
    history_days: int = 365,
    loss_days: int = 180,
    scheme: str | None = None,
) -> list[read.Row]:
    """The provision matrix: one row per company_id, currency_code, segment and bucket, then `total`.

    `scheme`: whose segments, as the customers were in as of the date; None: one segment, `all`. entered_items,
    entered_amount and unpaid_amount are the history; roll_rate, loss_rate and applied_rate are fractions, never
    rounded; balance_amount, ecl_amount and ecl_pct are of `as_of`.
    """
    arguments = ("factor", "history_days", "loss_days")
    query = SQL("select * from {losses} order by company_id, currency_code, segment, {bucket}").format(
        losses=_call("expected_losses", *arguments)
        if scheme is None
        else _call("expected_losses_by_segment", "scheme", *arguments),
        bucket=_place("bucket", (*read.BUCKETS, "total")),
    )
    given = {"factor": factor, "history_days": history_days, "loss_days": loss_days, "scheme": scheme}
    return read.rows(connection, query, _clocks(as_of, known_at) | given)


def schemes(connection: Connection, known_at: dt.datetime) -> list[str]:
    """The names of the schemes of segments, as known then."""
    query = SQL(
        "select distinct scheme from serve.dim_segment_rules"
        " where recorded_from <= %(known_at)s and recorded_to > %(known_at)s order by scheme"
    )
    return [row["scheme"] for row in read.rows(connection, query, {"known_at": known_at})]


def _asked_once(
    connection: Connection, function: str, as_of: dt.date, known_at: dt.datetime, given: read.Row
) -> str | None:
    """The rows of a function of `serve` in JSON, with every decimal, for the functions of figures made of them; None
    where there are none."""
    query = SQL("select jsonb_agg(answer)::text as rows from {}").format(_call(function, *given))
    rows: str | None = read.rows(connection, query, _clocks(as_of, known_at) | given)[0]["rows"]
    return rows


def _call(function: str, *arguments: str) -> Composable:
    """The function of `serve` with both clocks and these arguments, all bound by name."""
    bound = [Placeholder("as_of"), Placeholder("known_at"), *map(Placeholder, arguments)]
    return SQL("{}({}) as answer").format(Identifier("serve", function), SQL(", ").join(bound))


def _place(column: str, order: tuple[str, ...]) -> Composable:
    return SQL("array_position({}, {})").format(Text(list(order)), Identifier(column))


def _clocks(as_of: dt.date, known_at: dt.datetime) -> read.Row:
    return {"as_of": as_of, "known_at": known_at}
