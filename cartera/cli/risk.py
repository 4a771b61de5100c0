"""`cartera roll-rates`, `cure`, `vintages`, `liquidation`: how debts age, recover and are collected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Annotated, Any

import typer
from psycopg2.extensions import connection as Connection

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.cli.pipeline import FormatOption
from cartera.clock import parse_date, parse_moment

Row = dict[str, Any]
AsOfOption = Annotated[str | None, typer.Option("--as-of", help="Date, YYYY-MM-DD. Default: the publication's.")]
KnownAtOption = Annotated[
    str | None,
    typer.Option("--known-at", help="As known at this moment (a date: its end, UTC). Default: the publication's."),
]
PastDueOption = Annotated[int, typer.Option("--past-due", min=0, max=3650, help="Days past due that count.")]
MonthsOption = Annotated[int, typer.Option("--months", min=1, max=120, help="Cohorts: months of placement.")]


class Method(StrEnum):
    tracked = "tracked"
    net_flow = "net-flow"


class Basis(StrEnum):
    amount = "amount"
    debts = "count"


def register(app: typer.Typer) -> None:
    app.command("roll-rates")(roll_rates)
    app.command()(cure)
    app.command()(vintages)
    app.command()(liquidation)


def roll_rates(
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    period: Annotated[int, typer.Option("--period", min=1, max=366, help="Days of a period.")] = 30,
    periods: Annotated[int, typer.Option("--periods", min=1, max=120, help="Periods back, added up.")] = 1,
    basis: Annotated[Basis, typer.Option("--basis", help="Money, or number of debts.")] = Basis.amount,
    method: Annotated[Method, typer.Option("--method", help="Follow each debt, or compare balances.")] = Method.tracked,
    matrix: Annotated[bool, typer.Option("--matrix", help="Print the whole transition matrix instead.")] = False,
    format: FormatOption = Format.table,
) -> None:
    """How much of each aging bucket goes on to the next, and how much of it flows through to loss."""
    from cartera.warehouse import risk

    def asked(connection: Connection, date: dt.date, moment: dt.datetime) -> list[Row]:
        if matrix:
            return risk.transitions(connection, date, moment, period_days=period, periods=periods)
        chosen: risk.Method = "tracked" if method is Method.tracked else "net_flow"
        return risk.roll_rates(
            connection, date, moment, method=chosen, basis=basis.value, period_days=period, periods=periods
        )

    inputs = {"period_days": period, "periods": periods} | (
        {} if matrix else {"method": method.value, "basis": basis.value}
    )
    print_asked("Transitions" if matrix else "Roll rates", asked, as_of, known_at, inputs, format)


def cure(
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    horizon: Annotated[int, typer.Option("--horizon", min=1, max=3650, help="Days from delinquent to current.")] = 90,
    window: Annotated[int, typer.Option("--window", min=0, max=3650, help="Days that a cure must last.")] = 30,
    past_due: PastDueOption = 1,
    format: FormatOption = Format.table,
) -> None:
    """Customers who were late and are not any more, and who were late again inside the cure window."""
    from cartera.warehouse import risk

    def asked(connection: Connection, date: dt.date, moment: dt.datetime) -> list[Row]:
        return risk.cure_rates(
            connection, date, moment, horizon_days=horizon, cure_days=window, min_days_past_due=past_due
        )

    inputs = {"horizon_days": horizon, "cure_days": window, "min_days_past_due": past_due}
    print_asked("Cure rates", asked, as_of, known_at, inputs, format)


def vintages(
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    past_due: PastDueOption = 1,
    step: Annotated[int, typer.Option("--step", min=1, max=366, help="Days of a step.")] = 30,
    steps: Annotated[int, typer.Option("--steps", min=1, max=120, help="Steps since placement.")] = 12,
    months: MonthsOption = 12,
    format: FormatOption = Format.table,
) -> None:
    """Collected % since placement, by month of placement; ~ marks a cohort too young for the step."""
    from cartera.warehouse import risk

    def asked(connection: Connection, date: dt.date, moment: dt.datetime) -> list[Row]:
        return risk.vintages(
            connection, date, moment, days_past_due=past_due, step_days=step, steps=steps, months=months
        )

    inputs = {"days_past_due": past_due, "step_days": step, "steps": steps, "months": months}
    shape = _curves if format is Format.table else None
    print_asked("Vintages", asked, as_of, known_at, inputs, format, shape)


def liquidation(
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    past_due: PastDueOption = 1,
    months: MonthsOption = 12,
    format: FormatOption = Format.table,
) -> None:
    """What was placed each month and what of it was collected to date."""
    from cartera.warehouse import risk

    def asked(connection: Connection, date: dt.date, moment: dt.datetime) -> list[Row]:
        return risk.liquidation_rates(connection, date, moment, days_past_due=past_due, months=months)

    print_asked("Liquidation", asked, as_of, known_at, {"days_past_due": past_due, "months": months}, format)


def print_asked(
    title: str,
    asked: Callable[[Connection, dt.date, dt.datetime], list[Row]],
    as_of: str | None,
    known_at: str | None,
    inputs: dict[str, Any],
    format: Format,
    shape: Callable[[Sequence[Row]], list[Row]] | None = None,
) -> None:
    """Ask for both clocks (default: the publication's) and print the rows as they are asked for."""
    date, moment, rows = ask(asked, as_of, known_at)
    if format is Format.json:
        print_json({"as_of": date, "known_at": moment, "currency_view": "transaction"} | inputs | {"rows": rows})
        return
    clocks = f"as of {date}, known at {moment:%Y-%m-%d %H:%M:%S} UTC"
    if not rows:
        messages.print(f"{title}: nothing to measure {clocks}")
        return
    if format is Format.table:
        rows = [_shortened(row) for row in (shape(rows) if shape else rows)]
    print_rows(rows, list(rows[0]), format, f"{title} {clocks}")


def ask(
    asked: Callable[[Connection, dt.date, dt.datetime], list[Row]], as_of: str | None, known_at: str | None
) -> tuple[dt.date, dt.datetime, list[Row]]:
    """The rows with the two clocks they are of."""
    from cartera.db import Role, transaction
    from cartera.warehouse import read

    with transaction(Role.reader) as connection:
        publication = read.publication(connection)
        date = parse_date(as_of) if as_of else publication.as_of_date
        moment = parse_moment(known_at) if known_at else publication.known_at
        return date, moment, asked(connection, date, moment)


def _curves(rows: Sequence[Row]) -> list[Row]:
    """One row per cohort, its steps side by side."""
    curves: dict[tuple[Any, ...], Row] = {}
    steps = sorted({row["step"] for row in rows})
    for row in rows:
        key = (row["company_id"], row["currency_code"], row["cohort_month"])
        cohort = "average" if row["cohort_month"] is None else f"{row['cohort_month']:%Y-%m}"
        start = {"company_id": key[0], "currency_code": key[1], "cohort": cohort, "placed_amount": row["placed_amount"]}
        curve = curves.setdefault(key, start | {str(step): None for step in steps})
        if row["cohort_month"] is None:
            curve["placed_amount"] = None
        if row["collected_pct"] is not None:
            shown = row["collected_pct"].quantize(Decimal("0.1"), ROUND_HALF_EVEN)
            curve[str(row["step"])] = f"{shown}{'' if row['is_complete'] else '~'}"
    return list(curves.values())


def _shortened(row: Row) -> Row:
    """For people: rates with four decimals, the rest with two; csv and json have all of them."""
    return {name: _rounded(name, cell) if isinstance(cell, Decimal) else cell for name, cell in row.items()}


def _rounded(name: str, figure: Decimal) -> Decimal:
    return figure.quantize(Decimal("0.0001" if name.endswith("_rate") else "0.01"), ROUND_HALF_EVEN)
