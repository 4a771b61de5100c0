"""Roll rates, transitions, cures, cohorts and expected losses: cached frames of cartera.warehouse.risk, exact."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from cartera.cells import harmless
from cartera.warehouse import provision_workbook, read, risk
from dashboards.queries.cache import cached
from dashboards.queries.export import Counted
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


def to_csv(rows: pd.DataFrame, clocks: Clocks, stated: dict[str, Any]) -> bytes:
    """Rows with all their decimals, each with both clocks and what it was asked with. Nothing is added up."""
    text = io.StringIO()
    writer = csv.writer(text)
    stamp = {"as_of_date": clocks.as_of, "known_at": clocks.known_at, **stated}
    writer.writerow([*rows.columns, *stamp])
    writer.writerows([*map(_cell, row), *map(_cell, stamp.values())] for row in rows.itertuples(index=False))
    return text.getvalue().encode("utf-8-sig")


def _cell(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, dt.date) else harmless(value)


def roll_rates_csv(clocks: Clocks, method: risk.Method, basis: risk.Basis, periods: int) -> bytes:
    """Of all companies and currencies. Raises DatabaseError."""
    with reading() as opened:
        rows = roll_rates(opened, clocks, method, basis, periods)
    return to_csv(rows, clocks, {"method": method, "basis": basis, "period_days": PERIOD_DAYS, "periods": periods})


def transitions_csv(clocks: Clocks, periods: int) -> bytes:
    with reading() as opened:
        rows = transitions(opened, clocks, periods)
    return to_csv(rows, clocks, {"period_days": PERIOD_DAYS, "periods": periods})


def vintages_csv(clocks: Clocks) -> bytes:
    with reading() as opened:
        rows = vintages(opened, clocks)
    return to_csv(rows, clocks, {"step_days": STEP_DAYS, "months": MONTHS})


def liquidation_csv(clocks: Clocks) -> bytes:
    with reading() as opened:
        rows = liquidation(opened, clocks)
    return to_csv(rows, clocks, {"months": MONTHS})


def segments_of(rows: pd.DataFrame) -> Sequence[str]:
    """The segments of a provision matrix, in its order."""
    return list(dict.fromkeys(rows["segment"]))
