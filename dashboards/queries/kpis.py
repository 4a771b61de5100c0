"""The KPIs, their trend and what moved DSO: cached frames with exact figures (Decimal) until they are shown."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import get_args

import pandas as pd

from cartera.settings import get_settings
from cartera.warehouse import counting_back, dso_bridge, kpi_rows, metrics, read
from cartera.warehouse.counting_back import Counted
from dashboards.queries.cache import cached
from dashboards.queries.receivables import frame
from dashboards.queries.session import Clocks, Reading, in_time

VIEWS: tuple[read.View, ...] = get_args(read.View)
WINDOWS = (30, 60, 90, 180, 365)
MONTHS = 12
TREND_SECONDS = 5.0
"""A page waits no longer for it; that of the publication is answered ahead (queries/ahead.py)."""
LISTED_ROWS, EXPORTED_ROWS = 1_000, 200_000
FIGURES = ("company_id", "currency_code", "kpi", "value", "numerator", "denominator", "reason")
DSO = "dso_simple"


@dataclass(frozen=True)
class Asked:
    """What the figures are of. `window_days` is None for the catalogue's own, which is what is published."""

    clocks: Clocks
    view: read.View
    window_days: int | None


def catalogue() -> metrics.Catalogue:
    """As it is now: a KPI that was added to it needs no new start of the dashboard."""
    path = get_settings().dbt_dir / "metrics" / "catalogue.yaml"
    return _catalogue(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _catalogue(path: Path, changed: int) -> metrics.Catalogue:
    return metrics.load_catalogue(path)


def window() -> int:
    """Days of the catalogue's windows."""
    return next(metric.window.days for metric in catalogue().metrics if metric.window)


@cached
def figures(reading: Reading, asked: Asked) -> pd.DataFrame:
    """FIGURES per company, currency of the view and KPI; `kpi` is the catalogue's name, without the window."""
    clocks = asked.clocks
    rows = metrics.kpis(
        reading.connection, clocks.as_of, clocks.known_at, "company", asked.window_days, asked.view
    )  # fmt: skip
    return frame(_named(rows), FIGURES)


def trend(reading: Reading, asked: Asked) -> pd.DataFrame:
    """as_of_date and FIGURES of the as-of date and the MONTHS month-ends before it, oldest first.

    Raises CutOff at the date that is reached after TREND_SECONDS. Each is kept: who asks again goes on from there.
    """
    until, found = time.monotonic() + TREND_SECONDS, []
    for dated in over_months(asked):
        with in_time(reading, until - time.monotonic()):
            found.append(figures(reading, dated).assign(as_of_date=dated.clocks.as_of))
    return pd.concat(found[::-1], ignore_index=True)


def over_months(asked: Asked) -> list[Asked]:
    """The same of the as-of date and the MONTHS month-ends before it, newest first, all as known at one moment."""
    days = metrics.month_ends(asked.clocks.as_of, MONTHS + 1)
    return [replace(asked, clocks=replace(asked.clocks, as_of=day)) for day in days]


@cached
def bridge(reading: Reading, asked: Asked, since: dt.date) -> pd.DataFrame:
    """dso_bridge.COLUMNS from `since` to the as-of date."""
    rows = dso_bridge.bridge(
        reading.connection,
        since,
        asked.clocks.as_of,
        asked.clocks.known_at,
        days=asked.window_days or window(),
        view=asked.view,
    )
    return frame(rows, dso_bridge.COLUMNS)


def place(asked: Asked, company_id: str | None, currency_code: str) -> kpi_rows.Asked:
    """One currency of the view, of one company or of all, of what is asked; of all in transaction currency alone."""
    clocks = asked.clocks
    days = asked.window_days or window()
    return kpi_rows.Asked(clocks.as_of, clocks.known_at, company_id, currency_code, days, asked.view)


@cached
def part_rows(reading: Reading, asked: kpi_rows.Asked, part: str, limit: int = LISTED_ROWS) -> pd.DataFrame:
    """kpi_rows.COLUMNS, the largest first."""
    return frame(kpi_rows.rows(reading.connection, asked, part, limit), kpi_rows.COLUMNS)


@cached
def counted_back(reading: Reading, asked: kpi_rows.Asked, kpi: str, ar_amount: Decimal) -> list[Counted]:
    """The months whose sales a DSO by counting back has counted, the latest first."""
    return counting_back.counted(reading.connection, asked, kpi, ar_amount)


def of_company(rows: pd.DataFrame, company_id: str | None) -> pd.DataFrame:
    return rows if company_id is None else rows[rows["company_id"] == company_id]


def quarter_before(as_of: dt.date) -> dt.date:
    """The third month-end before the date: 31 March for 30 June, and for any day of June."""
    return metrics.month_ends(as_of, 4)[-1]


def _named(rows: list[read.Row]) -> list[read.Row]:
    return [row | {"kpi": metrics.without_window(row["kpi"])} for row in rows]
