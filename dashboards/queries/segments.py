"""Customers by segment: what each segment owes, who is in it, who moved; cached frames with exact amounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import get_args

import pandas as pd

from cartera.errors import ConfigError
from cartera.warehouse import metrics, read, segment_moves, segments
from dashboards.i18n import Words
from dashboards.queries.cache import cached
from dashboards.queries.export import to_csv
from dashboards.queries.receivables import EXPORTED_ROWS, LISTED_CUSTOMERS, frame
from dashboards.queries.session import Clocks, Reading, reading

Compared = segment_moves.Compared
BASES: tuple[segment_moves.Basis, ...] = get_args(segment_moves.Basis)
MONTHS = 12
RULES = (
    "scheme", "description", "position", "segment", "measure", "at_least_amount", "below_amount", "accepted_values",
)  # fmt: skip
TOTALS = (
    "company_id", "segment", "currency_code", "customers", "open_amount", "overdue_amount", *read.BUCKETS,
)  # fmt: skip
DEBTORS = ("company_id", "customer_id", "customer_name", "open_amount", "overdue_amount")
OWED = ("segment", "customers", "open_amount", "overdue_amount", *read.BUCKETS)
MOVES = ("from_segment", "to_segment", "customers")
MOVERS = ("company_id", "customer_id", "customer_name", "open_amount")
CSV = {
    "segment": "column.segment", "customers": "column.customers", "overdue_amount": "column.overdue",
    "open_amount": "column.open",
}  # fmt: skip
DEBTORS_CSV = {
    "customer_id": "column.customer_id", "customer_name": "column.customer", "company_id": "column.company",
    "overdue_amount": "column.overdue", "open_amount": "column.open",
}  # fmt: skip
MOVES_CSV = {"from_segment": "filter.moved_from", "to_segment": "filter.moved_to", "customers": "column.customers"}


@dataclass(frozen=True)
class Asked:
    """What the figures are of: both clocks, a scheme, a currency, a company or all."""

    clocks: Clocks
    scheme: str
    currency_code: str
    company_id: str | None


@cached
def rules(reading: Reading, known_at: dt.datetime) -> pd.DataFrame:
    """RULES in their order, one row per condition; empty where none were known then."""
    try:
        return frame(segments.rules(reading.connection, known_at), RULES)
    except ConfigError:
        return frame([], RULES)


def totals(reading: Reading, clocks: Clocks, scheme: str) -> pd.DataFrame:
    """TOTALS in the order of the rules; who owes nothing stands in a row without currency."""
    return _of_scheme(_totals(reading, clocks), scheme, TOTALS)


@cached
def _totals(reading: Reading, clocks: Clocks) -> pd.DataFrame:
    """Of every scheme: what takes the time is what all are judged by."""
    rows = segments.totals(reading.connection, clocks.as_of, clocks.known_at, in_buckets=True)
    return frame(rows, ("scheme", *TOTALS))


def _of_scheme(rows: pd.DataFrame, scheme: str, columns: tuple[str, ...]) -> pd.DataFrame:
    return rows[rows["scheme"] == scheme].reset_index(drop=True)[list(columns)]


def owed(rows: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """OWED per segment that owes in the currency; companies are added, currencies never."""
    found: dict[str, read.Row] = {}
    zero = {"customers": 0, **dict.fromkeys(OWED[2:], Decimal(0))}
    for row in rows[rows["currency_code"] == asked.currency_code].to_dict("records"):
        if asked.company_id in (None, row["company_id"]):
            sums = found.setdefault(row["segment"], {"segment": row["segment"], **zero})
            for name in zero:
                sums[name] += row[name]
    order = list(dict.fromkeys(rows["segment"]))
    return frame(sorted(found.values(), key=lambda row: order.index(row["segment"])), OWED)


def by_age(rows: pd.DataFrame) -> pd.DataFrame:
    """segment, bucket, open_amount of the rows of `owed`, in the order of the buckets."""
    aged = rows.drop(columns="open_amount").melt("segment", list(read.BUCKETS), "bucket", "open_amount")
    return aged[aged["open_amount"] != 0].reset_index(drop=True)


@cached
def debtors(reading: Reading, asked: Asked, segment: str, limit: int = LISTED_CUSTOMERS) -> pd.DataFrame:
    """DEBTORS of one segment, the largest first."""
    return frame(_debtors(reading, asked, segment, limit), DEBTORS)


def _debtors(reading: Reading, asked: Asked, segment: str, limit: int) -> list[read.Row]:
    clocks = asked.clocks
    return segments.debtors(
        reading.connection,
        clocks.as_of,
        clocks.known_at,
        scheme=asked.scheme,
        segment=segment,
        currency_code=asked.currency_code,
        company_id=asked.company_id,
        limit=limit,
    )


@cached
def month_ends(reading: Reading, as_of: dt.date, basis: segment_moves.Basis) -> list[dt.date]:
    """The month-ends that can be compared, the newest first: those kept, or those before the as-of date."""
    if basis == "kept":
        return [day for day in segment_moves.month_ends(reading.connection)[::-1] if day <= as_of]
    return [*dict.fromkeys(metrics.month_ends(as_of, MONTHS + 1))]


def schemes(rules: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(rules["scheme"]))


def opening_moves(reading: Reading, asked: Asked) -> Compared | None:
    """What the page compares unless other days are chosen: the two newest month-ends; None where there are no two."""
    for basis in BASES:
        days = month_ends(reading, asked.clocks.as_of, basis)
        if len(days) > 1:
            second = opening_day(days[:-1])
            return compared(asked, days[days.index(second) + 1], second, basis)
    return None


def opening_day(days: list[dt.date]) -> dt.date:
    """Of days that can be compared, newest first, the last that ends its month: those of a month are judged once,
    whatever day of the next one is looked at. The newest where none does."""
    return next((day for day in days if (day + dt.timedelta(days=1)).day == 1), days[0])


def compared(asked: Asked, first: dt.date, second: dt.date, basis: segment_moves.Basis) -> Compared:
    return Compared(asked.scheme, first, second, basis, asked.clocks.known_at, asked.company_id)


def moves(reading: Reading, between: Compared) -> pd.DataFrame:
    """MOVES, of which both dates may take long to judge."""
    return _of_scheme(_all_moves(reading, replace(between, scheme=None)), between.scheme or "", MOVES)


@cached
def _all_moves(reading: Reading, between: Compared) -> pd.DataFrame:
    return frame(segment_moves.moves(reading.connection, between), ("scheme", *MOVES))


@cached
def movers(
    reading: Reading,
    asked: Asked,
    between: Compared,
    from_segment: str | None,
    to_segment: str | None,
    limit: int = LISTED_CUSTOMERS,
) -> pd.DataFrame:
    """MOVERS behind one figure of `moves`, the largest debtor first."""
    rows = segment_moves.movers(
        reading.connection,
        between,
        asked.clocks.as_of,
        asked.clocks.known_at,
        from_segment=from_segment,
        to_segment=to_segment,
        currency_code=asked.currency_code,
        limit=limit,
    )
    return frame(rows, MOVERS)


def totals_csv(words: Words, asked: Asked, narrowed: Sequence[str] = ()) -> bytes:
    """Every segment of the scheme. Raises DatabaseError."""
    with reading() as opened:
        rows = owed(totals(opened, asked.clocks, asked.scheme), asked)
    named = rows.assign(segment=[words.named("segment", segment) for segment in rows["segment"]])
    records: Sequence[read.Row] = [{str(k): v for k, v in row.items()} for row in named.to_dict("records")]
    return to_csv(records, CSV, words, asked.clocks, asked.currency_code, narrowed=narrowed)


def debtors_csv(words: Words, asked: Asked, segment: str, narrowed: Sequence[str] = ()) -> bytes:
    """Every customer of a segment. Raises DatabaseError."""
    with reading() as opened:
        rows = _debtors(opened, asked, segment, EXPORTED_ROWS + 1)
    return to_csv(rows, DEBTORS_CSV, words, asked.clocks, asked.currency_code, narrowed=narrowed)


def moves_csv(words: Words, asked: Asked, between: Compared, narrowed: Sequence[str]) -> bytes:
    """Every pair of segments with its customers; `narrowed` says both dates and more. Raises DatabaseError."""
    with reading() as opened:
        rows = [dict(zip(MOVES, row, strict=True)) for row in moves(opened, between).itertuples(index=False)]
    for row in rows:
        for name, absent in (("from_segment", "moves.joined"), ("to_segment", "moves.left")):
            row[name] = words.named("segment", row[name]) if row[name] else words(absent)
    return to_csv(rows, MOVES_CSV, words, asked.clocks, "", ("customers",), narrowed)
