"""What the first page says beside the balance: cached answers, all as of the publication."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from decimal import Decimal

import pandas as pd
from psycopg2.errors import QueryCanceled

from cartera.clock import utc_now
from cartera.settings import get_settings
from cartera.targets import Targets, load_targets
from cartera.warehouse import headline, metrics, promises, read_runs
from cartera.warehouse.headline import Asked, Point
from cartera.warehouse.read import Row
from dashboards.queries import aging, kpis, receivables
from dashboards.queries.cache import CutOff, cached
from dashboards.queries.session import Clocks, Reading, in_time

STEPS = 6
MONTHS = 7
EXPECTED_DAYS = 30
RECENT_DAYS = 7
TOP_DEBTORS = 15
MONTH_ENDS = 12
IN_TIME_SECONDS = 0.9
"""The past days of a large ledger take longer than a page may: the figures then stand without them."""


def asked(reading: Reading, currency_code: str, company_id: str | None) -> Asked:
    return Asked(reading.clocks.as_of, reading.clocks.known_at, currency_code, company_id)


@cached
def trend(reading: Reading, asked: Asked) -> list[Point]:
    """The as-of date last. Raises CutOff."""
    open_on = {}
    for clocks, buckets in _on_days(reading, asked, trend_days(asked)).items():
        late = buckets[buckets["bucket"] != "not_due"]
        open_on[clocks.as_of] = (
            sum(buckets["open_amount"], Decimal(0)),
            sum(late["open_amount"], Decimal(0)),
            receivables.unapplied_on(reading, clocks, asked.currency_code, asked.company_id),
        )
    return headline.trend(reading.connection, asked, open_on)


def trend_days(asked: Asked) -> list[Clocks]:
    """Those whose buckets the trend is made of."""
    return [Clocks(day, asked.known_at) for day in headline.trend_days(asked, kpis.window(), STEPS)]


def trend_in_time(reading: Reading, asked: Asked) -> list[Point] | None:
    """As `trend`; None where it can't be read in time."""
    try:
        return trend(reading, asked)
    except CutOff:
        return None


@cached
def over_time(reading: Reading, asked: Asked) -> pd.DataFrame:
    """as_of_date and receivables.by_bucket of the as-of date and the MONTH_ENDS before it, oldest first.

    Raises CutOff.
    """
    found = _on_days(reading, asked, past_month_ends(reading, asked.company_id))
    dated = [buckets.assign(as_of_date=clocks.as_of) for clocks, buckets in found.items()]
    return pd.concat(dated[::-1], ignore_index=True)


def _on_days(reading: Reading, asked: Asked, days: list[Clocks]) -> dict[Clocks, pd.DataFrame]:
    """receivables.by_bucket on each of them. Raises CutOff at the one that is reached after IN_TIME_SECONDS.

    Each day is kept: who asks again goes on from there.
    """
    until, found = time.monotonic() + IN_TIME_SECONDS, {}
    for clocks in days:
        with in_time(reading, until - time.monotonic()):
            found[clocks] = receivables.by_bucket(reading, clocks, asked.currency_code, asked.company_id)
    return found


def past_month_ends(reading: Reading, company_id: str | None) -> list[Clocks]:
    """The as-of date and the MONTH_ENDS before it on which something was known, newest first."""
    clocks = reading.clocks
    first = aging.first_day(reading, clocks.known_at, company_id)
    days = metrics.month_ends(clocks.as_of, MONTH_ENDS + 1)
    return [replace(clocks, as_of=day) for day in days if day == clocks.as_of or (first is not None and day >= first)]


def step_days() -> int:
    """Between two points of the trend."""
    return kpis.window() // 3


@cached
def now(reading: Reading, asked: Asked) -> Point:
    """The figures as published: added over the companies from what each is divided by."""
    found = kpis.of_company(kpis.figures(reading, kpis.Asked(reading.clocks, "transaction", None)), asked.company_id)
    mine = found[found["currency_code"] == asked.currency_code]

    def ratio(kpi: str, factor: int) -> Decimal | None:
        parts = mine[(mine["kpi"] == kpi) & mine["denominator"].notna() & mine["numerator"].notna()]
        below = sum(parts["denominator"], Decimal(0))
        return factor * sum(parts["numerator"], Decimal(0)) / below if below > 0 else None

    window = kpis.window()
    return Point(
        asked.as_of,
        Decimal(0),
        Decimal(0),
        Decimal(0),
        dso=ratio("dso_simple", window),
        best_possible_dso=ratio("best_possible_dso", window),
        cei=ratio("cei_whole_period", 100),
    )


@cached
def collected(reading: Reading, asked: Asked) -> list[tuple[dt.date, Decimal]]:
    """Received in each of the last MONTHS months; the last one is not over."""
    return headline.collected_by_month(reading.connection, asked, MONTHS)


@cached
def collected_before(reading: Reading, asked: Asked) -> tuple[dt.date, Decimal]:
    """The same day of last month, and what was received in that month by then."""
    return headline.collected_by_same_day(reading.connection, asked)


def targets() -> Targets:
    """Read anew each time, for the file may change. Raises ConfigError."""
    return load_targets()


@cached
def expected(reading: Reading, asked: Asked) -> list[Row]:
    """expected_date, open_items, open_amount per day of the next EXPECTED_DAYS days that expects any."""
    return headline.expected(reading.connection, asked, EXPECTED_DAYS)


def expected_days_before(asked: Asked) -> Asked:
    return replace(asked, as_of=asked.as_of - dt.timedelta(days=EXPECTED_DAYS))


def expected_before(reading: Reading, asked: Asked) -> Decimal | None:
    """What was expected EXPECTED_DAYS days ago of the days since; None where it can't be read in time, or was not
    known."""
    then = expected_days_before(asked)
    first = aging.first_day(reading, asked.known_at, asked.company_id)
    if first is None or first > then.as_of:
        return None
    try:
        with in_time(reading, IN_TIME_SECONDS):
            return sum((day["open_amount"] for day in expected(reading, then)), Decimal(0))
    except QueryCanceled:
        return None


@cached
def new_disputes(reading: Reading, asked: Asked) -> tuple[str, ...]:
    """The items disputed in the last RECENT_DAYS days."""
    since = asked.as_of - dt.timedelta(days=RECENT_DAYS)
    return tuple(headline.new_disputes(reading.connection, asked, since))


@cached
def broken_promises(reading: Reading, asked: Asked) -> tuple[str, ...]:
    """The open items whose promise was broken in the last RECENT_DAYS days, as the page of promises judges it."""
    of = promises.Asked(asked.as_of, asked.known_at, RECENT_DAYS, asked.currency_code, asked.company_id)
    return tuple(promises.open_of_broken(reading.connection, of))


@cached
def owed_on(reading: Reading, asked: Asked, item_ids: tuple[str, ...]) -> tuple[Decimal, int]:
    """What is open of these items, and on how many of them."""
    return headline.owed_on(reading.connection, asked, item_ids)


def stale_sources(reading: Reading) -> list[str]:
    """Sources that were last read longer ago than the settings allow, by name."""
    limit = utc_now() - dt.timedelta(hours=get_settings().stale_after_hours)
    return read_runs.sources_not_read_since(reading.connection, limit)


def certificate(reading: Reading) -> tuple[int, int]:
    """Lines of the published run's certificate, of the companies that the reader sees, and how many of them tie."""
    lines = read_runs.certificate(reading.connection, reading.publication.run_id)
    return len(lines), sum(line["is_tied"] for line in lines)
