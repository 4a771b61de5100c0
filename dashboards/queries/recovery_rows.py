"""The debts behind the figures of recovery: cached frames of the largest, and all of them as files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import get_args

import pandas as pd
from psycopg2.extensions import connection as Connection

from cartera.warehouse import cohort_rows, cure_rows, loss_rows, moves, read, risk
from cartera.warehouse.behind import Place
from dashboards.queries.cache import cached
from dashboards.queries.export import OF_DEBTS, Said, to_csv
from dashboards.queries.receivables import EXPORTED_ROWS, LISTED_ITEMS, frame
from dashboards.queries.recovery import CURE_DAYS, HORIZON_DAYS, MONTHS, PERIOD_DAYS, Provision
from dashboards.queries.session import Clocks, Reading, reading

MEASURES: tuple[cohort_rows.Measure, ...] = get_args(cohort_rows.Measure)
MOST = EXPORTED_ROWS + 1
"""One more than a file holds: it says so when rows were left out."""


def moved(place: str, clocks: Clocks, periods: int, basis: risk.Basis, from_state: str, to_state: str) -> moves.Asked:
    """A cell of the matrix."""
    return moves.Asked(*_of(place, clocks), from_state, to_state, basis, PERIOD_DAYS, periods)


def rolled(
    place: str, clocks: Clocks, periods: int, basis: risk.Basis, method: risk.Method, rate: pd.Series, column: str
) -> moves.Asked:
    """What a figure of recovery.roll_rates counts: its denominator, or what is divided by it."""
    if column == "denominator":
        return moved(place, clocks, periods, basis, rate["bucket"], moves.ANY)
    if method == "net_flow":
        return moved(place, clocks, periods, basis, moves.ANY, rate["next_bucket"])
    return moved(place, clocks, periods, basis, rate["bucket"], moves.ON)


def cured(place: str, clocks: Clocks, outcome: cure_rows.Outcome | None) -> cure_rows.Asked:
    return cure_rows.Asked(*_of(place, clocks), HORIZON_DAYS, CURE_DAYS, outcome)


def cohort(
    place: str, clocks: Clocks, cohort_month: dt.date | None, after_days: int | None = None
) -> cohort_rows.Asked:
    """To the as-of date, or for some days since placement."""
    return cohort_rows.Asked(*_of(place, clocks), MONTHS, cohort_month, after_days)


def provision(place: str, clocks: Clocks, asked: Provision, segment: str) -> loss_rows.Asked:
    return loss_rows.Asked(
        *_of(place, clocks), asked.factor, asked.history_days, asked.loss_days, asked.scheme, segment
    )  # fmt: skip


def _of(place: str, clocks: Clocks) -> tuple[dt.date, dt.datetime, str, str]:
    company_id, _, code = place.rpartition("/")
    return clocks.as_of, clocks.known_at, company_id, code


@cached
def moved_debts(reading: Reading, asked: moves.Asked) -> pd.DataFrame:
    return frame(moves.debts(reading.connection, asked, LISTED_ITEMS), asked.columns)


@cached
def cure_debts(reading: Reading, asked: cure_rows.Asked) -> pd.DataFrame:
    return frame(cure_rows.debts(reading.connection, asked, LISTED_ITEMS), cure_rows.COLUMNS)


@cached
def cohort_debts(reading: Reading, asked: cohort_rows.Asked, first: cohort_rows.Measure) -> pd.DataFrame:
    return frame(cohort_rows.debts(reading.connection, asked, first, LISTED_ITEMS), cohort_rows.COLUMNS)


@cached
def open_debts(reading: Reading, asked: loss_rows.Asked, rates: tuple[loss_rows.Rate, ...]) -> pd.DataFrame:
    return frame(loss_rows.open_debts(reading.connection, asked, rates, LISTED_ITEMS), loss_rows.OPEN)


@cached
def loss_history(reading: Reading, asked: loss_rows.Asked, bucket: str, first: loss_rows.Measure) -> pd.DataFrame:
    return frame(loss_rows.history(reading.connection, asked, bucket, first, LISTED_ITEMS), loss_rows.HISTORY)


def moved_csv(asked: moves.Asked, clocks: Clocks, said: Said) -> bytes:
    """As the others: every row, with its total below. Raises DatabaseError."""
    return _csv(lambda at: moves.debts(at, asked, MOST), asked.columns, asked, clocks, said)


def cure_csv(asked: cure_rows.Asked, clocks: Clocks, said: Said) -> bytes:
    return _csv(lambda at: cure_rows.debts(at, asked, MOST), cure_rows.COLUMNS, asked, clocks, said)


def cohort_csv(asked: cohort_rows.Asked, first: cohort_rows.Measure, clocks: Clocks, said: Said) -> bytes:
    return _csv(lambda at: cohort_rows.debts(at, asked, first, MOST), cohort_rows.COLUMNS, asked, clocks, said)


def open_csv(asked: loss_rows.Asked, rates: tuple[loss_rows.Rate, ...], clocks: Clocks, said: Said) -> bytes:
    return _csv(lambda at: loss_rows.open_debts(at, asked, rates, MOST), loss_rows.OPEN, asked, clocks, said)


def history_csv(asked: loss_rows.Asked, bucket: str, first: loss_rows.Measure, clocks: Clocks, said: Said) -> bytes:
    return _csv(lambda at: loss_rows.history(at, asked, bucket, first, MOST), loss_rows.HISTORY, asked, clocks, said)


def _csv(
    ask: Callable[[Connection], list[read.Row]], columns: tuple[str, ...], asked: Place, clocks: Clocks, said: Said
) -> bytes:
    with reading() as opened:
        rows = ask(opened.connection)
    words, company = said.words, {"company_id": asked.company_id}
    for row in rows:
        row |= company
        if "outcome" in row:
            row["outcome"] = words(f"recovery.outcome_{row['outcome']}")
        if "bucket" in row:
            row["bucket"] = words.bucket(row["bucket"])
    headings = OF_DEBTS | {name: said.headings[name] for name in columns if name in said.headings}
    added = [name.removeprefix("total_") for name in columns if name.startswith("total_")]
    return to_csv(rows, headings, words, clocks, asked.currency_code, added, said.narrowed)
