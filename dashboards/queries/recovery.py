"""Roll rates, transitions, cures, cohorts and expected losses: cached frames of cartera.warehouse.risk, exact."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from cartera.warehouse import provision_workbook, read, risk
from dashboards.i18n import Words
from dashboards.queries.cache import cached
from dashboards.queries.export import Counted, figures_csv
from dashboards.queries.receivables import frame
from dashboards.queries.session import Clocks, Reading, reading

BASES: tuple[risk.Basis, ...] = get_args(risk.Basis)
METHODS: tuple[risk.Method, ...] = get_args(risk.Method)
STATES = risk.STATES
PERIODS, OPENING_PERIODS = (1, 3, 6, 12), 3
PERIOD_DAYS = 30
HORIZON_DAYS, CURE_DAYS = 90, 30
STEP_DAYS, STEPS, MONTHS = 30, 12, 12
HISTORY_DAYS = (365, 730, 1095)
LOSS_DAYS = (180, 365)
ROLL_RATES = (
    "company_id", "currency_code", "bucket", "next_bucket", "numerator", "denominator", "roll_rate_pct",
    "flow_through_pct", "reason",
)  # fmt: skip
TRANSITIONS = (
    "company_id", "currency_code", "from_state", "to_state", "items", "amount", "items_pct", "amount_pct",
)  # fmt: skip
CURES = (
    "company_id", "currency_code", "basis", "delinquent", "cured", "redefaulted", "written_off", "cure_rate_pct",
    "redefault_rate_pct", "reason",
)  # fmt: skip
SETTLED = ("collected_amount", "credited_amount", "written_off_amount", "open_amount")
VINTAGES = (
    "company_id", "currency_code", "cohort_month", "step", "days_since_placement", "is_complete", "placed_items",
    "placed_amount", *SETTLED, "collected_pct", "reason",
)  # fmt: skip
LIQUIDATION = (
    "company_id", "currency_code", "cohort_month", "placed_items", "placed_amount", *SETTLED, "liquidation_rate_pct",
)  # fmt: skip
LOSSES = (
    "company_id", "currency_code", "segment", "bucket", "entered_items", "entered_amount", "unpaid_amount",
    "roll_rate", "loss_rate", "factor", "applied_rate", "balance_amount", "ecl_amount", "ecl_pct", "reason",
)  # fmt: skip
HEADINGS = {
    "company_id": "column.company", "currency_code": "column.currency", "bucket": "column.from_bucket",
    "next_bucket": "column.to_bucket", "from_state": "column.from_bucket", "to_state": "column.to_bucket",
    "numerator": "column.numerator", "denominator": "column.denominator", "roll_rate_pct": "column.roll_rate",
    "flow_through_pct": "column.flow_through", "reason": "column.note", "items": "column.items",
    "amount": "column.amount_moved", "items_pct": "column.items_share", "amount_pct": "column.amount_share",
    "cohort_month": "column.cohort", "step": "column.curve_step", "days_since_placement": "column.days_since_placed",
    "is_complete": "recovery.complete", "placed_items": "column.placed_items", "placed_amount": "column.placed",
    "collected_amount": "column.collected", "credited_amount": "column.credited",
    "written_off_amount": "column.written_off", "open_amount": "column.open",
    "collected_pct": "column.liquidation_rate", "liquidation_rate_pct": "column.liquidation_rate",
    "method": "filter.method", "basis": "filter.count_by", "period_days": "column.period_days",
    "periods": "filter.periods", "step_days": "column.step_days", "months": "column.months",
}  # fmt: skip
"""Of the files of the four tables: what their columns and what they were asked with are called."""
OWN_STATES = ("new", "reopened", "paid", "written_off", "total")


@dataclass(frozen=True)
class Provision:
    """What expected losses are computed with, besides the ledger; `scheme` None: all customers alike."""

    factor: Decimal
    history_days: int
    loss_days: int
    scheme: str | None


def of_place(rows: pd.DataFrame, place: str) -> pd.DataFrame:
    """Those of one company and currency, written company/currency."""
    return rows[rows["company_id"] + "/" + rows["currency_code"] == place].reset_index(drop=True)


def roll_rates(reading: Reading, clocks: Clocks, method: risk.Method, basis: risk.Basis, periods: int) -> pd.DataFrame:
    rows, _ = rolled(reading, clocks, periods)
    return rows[(rows["method"] == method) & (rows["basis"] == basis)].reset_index(drop=True)[list(ROLL_RATES)]


def transitions(reading: Reading, clocks: Clocks, periods: int) -> pd.DataFrame:
    return rolled(reading, clocks, periods)[1]


@cached
def rolled(reading: Reading, clocks: Clocks, periods: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Roll rates by every method and basis, and transitions: together they take no longer than one."""
    rates, moved = risk.roll_rates_and_transitions(
        reading.connection, clocks.as_of, clocks.known_at, period_days=PERIOD_DAYS, periods=periods
    )
    return frame(rates, (*ROLL_RATES, "method", "basis")), frame(moved, TRANSITIONS)


@cached
def cures(reading: Reading, clocks: Clocks) -> pd.DataFrame:
    rows = risk.cure_rates(
        reading.connection, clocks.as_of, clocks.known_at, horizon_days=HORIZON_DAYS, cure_days=CURE_DAYS
    )  # fmt: skip
    return frame(rows, CURES)


def vintages(reading: Reading, clocks: Clocks) -> pd.DataFrame:
    return placed(reading, clocks)[0]


def liquidation(reading: Reading, clocks: Clocks) -> pd.DataFrame:
    return placed(reading, clocks)[1]


@cached
def placed(reading: Reading, clocks: Clocks) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Vintages and liquidation of the same cohorts: together they take no longer than one."""
    curves, cohorts = risk.vintages_and_liquidation_rates(
        reading.connection, clocks.as_of, clocks.known_at, step_days=STEP_DAYS, steps=STEPS, months=MONTHS
    )
    return frame(curves, VINTAGES), frame(cohorts, LIQUIDATION)


@cached
def schemes(reading: Reading, known_at: dt.datetime) -> list[str]:
    return risk.schemes(reading.connection, known_at)


@cached
def losses(reading: Reading, clocks: Clocks, provision: Provision) -> pd.DataFrame:
    return frame(_losses(reading, clocks, provision), LOSSES)


def _losses(reading: Reading, clocks: Clocks, provision: Provision) -> list[read.Row]:
    return risk.expected_losses(
        reading.connection,
        clocks.as_of,
        clocks.known_at,
        factor=provision.factor,
        history_days=provision.history_days,
        loss_days=provision.loss_days,
        scheme=provision.scheme,
    )


def losses_xlsx(clocks: Clocks, provision: Provision) -> Counted:
    """Every company and currency, with formulas over the history. Raises DatabaseError."""
    with reading() as opened:
        rows = _losses(opened, clocks, provision)
    inputs = provision_workbook.stated(
        clocks.as_of,
        clocks.known_at,
        {
            "factor": provision.factor,
            "history_days": provision.history_days,
            "loss_days": provision.loss_days,
            "scheme": provision.scheme or "all",
        },
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "provision.xlsx"
        provision_workbook.write_workbook(path, rows, inputs)
        return Counted(path.read_bytes(), len(rows))


def _csv(rows: pd.DataFrame, clocks: Clocks, stated: dict[str, Any], words: Words) -> bytes:
    """Each row with what it was asked with."""
    named = [
        {str(name): _named(words, str(name), value) for name, value in row.items()} for row in rows.to_dict("records")
    ]
    said = {HEADINGS[name]: _named(words, name, value) for name, value in stated.items()}
    return figures_csv(words, named, {name: HEADINGS[name] for name in rows.columns}, clocks, said)


def state_name(words: Words, name: str) -> str:
    """Of a bucket, or of what a debt came from or came to."""
    return words(f"state_of.{name}") if name in OWN_STATES else words.bucket(name)


def _named(words: Words, column: str, value: Any) -> Any:
    if column == "reason":
        return words.reason(value)
    if value is None or isinstance(value, float):
        return value
    if column in ("bucket", "next_bucket", "from_state", "to_state"):
        return state_name(words, value)
    if column in ("method", "basis"):
        return words(f"recovery.{value}" if column == "method" else f"recovery.by_{value}")
    return words.yes_no(value) if column == "is_complete" else value


def roll_rates_csv(words: Words, clocks: Clocks, method: risk.Method, basis: risk.Basis, periods: int) -> bytes:
    """Of all companies and currencies. Raises DatabaseError."""
    with reading() as opened:
        rows = roll_rates(opened, clocks, method, basis, periods)
    stated = {"method": method, "basis": basis, "period_days": PERIOD_DAYS, "periods": periods}
    return _csv(rows, clocks, stated, words)


def transitions_csv(words: Words, clocks: Clocks, periods: int) -> bytes:
    with reading() as opened:
        rows = transitions(opened, clocks, periods)
    return _csv(rows, clocks, {"period_days": PERIOD_DAYS, "periods": periods}, words)


def vintages_csv(words: Words, clocks: Clocks) -> bytes:
    with reading() as opened:
        rows = vintages(opened, clocks)
    return _csv(rows, clocks, {"step_days": STEP_DAYS, "months": MONTHS}, words)


def liquidation_csv(words: Words, clocks: Clocks) -> bytes:
    with reading() as opened:
        rows = liquidation(opened, clocks)
    return _csv(rows, clocks, {"months": MONTHS}, words)


def segments_of(rows: pd.DataFrame) -> Sequence[str]:
    """The segments of a provision matrix, in its order."""
    return list(dict.fromkeys(rows["segment"]))
