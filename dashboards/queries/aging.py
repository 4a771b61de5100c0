"""Aging parted by company, currency, country, collector or segment, and the same customers on earlier dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

import pandas as pd

from cartera.clock import months_before
from cartera.warehouse import balances, read
from cartera.warehouse.groups import Group
from dashboards.i18n import Words
from dashboards.queries import receivables
from dashboards.queries.cache import cached
from dashboards.queries.export import to_csv
from dashboards.queries.receivables import frame
from dashboards.queries.session import Clocks, Reading

By = Literal["customer", "company", "currency", "country", "collector", "segment"]
BYS: tuple[By, ...] = get_args(By)
UNKNOWN = "(unknown)"
"""The part, in an address, of those of whom it is not known."""

CELLS = ("company_id", "currency_code", "part", "bucket", "open_items", "open_amount")
PARTS = ("part", "currency_code", "open_items", "open_amount", *read.BUCKETS)
CSV = {
    "part": "column.part", "open_items": "column.items", **{bucket: bucket for bucket in read.BUCKETS},
    "open_amount": "column.open",
}  # fmt: skip
EARLIER = {"last_month": 1, "last_year": 12}
"""How many months before the as-of date each comparison lies."""


@dataclass(frozen=True)
class Asked:
    """What the page is of: at these clocks, in one currency, of a company or all, by what its rows part it.

    `part` is the row of a country, collector or segment that is chosen, `customer_id` the customer, both None for all.
    """

    clocks: Clocks
    currency_code: str
    company_id: str | None = None
    by: By = "customer"
    scheme: str | None = None
    part: str | None = None
    bucket: str | None = None
    customer_id: str | None = None

    @property
    def group(self) -> Group | None:
        """The customers of the part, as they are at the page's own clocks."""
        if self.part is None or self.by not in ("country", "collector", "segment"):
            return None
        value = None if self.part == UNKNOWN else self.part
        return Group(self.by, value, self.clocks.as_of, self.clocks.known_at, self.scheme)


@dataclass(frozen=True)
class Earlier:
    """The buckets on an earlier day (`receivables.by_bucket`); None where nothing was known of that day."""

    day: dt.date
    buckets: pd.DataFrame | None


@cached
def cells(reading: Reading, clocks: Clocks, by: By, scheme: str | None) -> pd.DataFrame:
    """CELLS: every part by bucket, company and currency; `part` UNKNOWN for those of whom it is not known."""
    at = (reading.connection, clocks.as_of, clocks.known_at)
    if by == "company" or by == "currency":
        column = "company_id" if by == "company" else "currency_code"
        rows = read.aging(*at, by="bucket")
    else:
        column = read.DIMENSIONS[by][-1]
        rows = read.aging(*at, by=by, scheme=scheme, in_buckets=True)
    return frame([row | {"part": UNKNOWN if row[column] is None else row[column]} for row in rows], CELLS)


def parts(found: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """PARTS of the currency and company asked for, the largest first (segments and currencies in their own order).

    Parted by company it is of all companies, parted by currency of all currencies: a row each, never added.
    """
    rows: dict[str, read.Row] = {}
    empty = {"open_items": 0, "open_amount": Decimal(0), **dict.fromkeys(read.BUCKETS, Decimal(0))}
    for cell in found.to_dict("records"):
        if asked.by != "currency" and cell["currency_code"] != asked.currency_code:
            continue
        if asked.by != "company" and asked.company_id not in (None, cell["company_id"]):
            continue
        new = {"part": cell["part"], "currency_code": cell["currency_code"], **empty}
        row = rows.setdefault(cell["part"], new)
        row["open_items"] += cell["open_items"]
        row["open_amount"] += cell["open_amount"]
        row[cell["bucket"]] += cell["open_amount"]
    if asked.by in ("segment", "currency"):
        return frame(list(rows.values()), PARTS)
    return frame(sorted(rows.values(), key=lambda row: (-row["open_amount"], row["part"])), PARTS)


def with_total(rows: pd.DataFrame) -> pd.DataFrame:
    """First a row that adds up all of one currency (`part` None)."""
    amounts = {name: sum(rows[name], Decimal(0)) for name in ("open_amount", *read.BUCKETS)}
    total = {"part": None, "currency_code": rows["currency_code"].iloc[0], "open_items": sum(rows["open_items"])}
    return frame([total | amounts, *rows.to_dict("records")], PARTS)  # type: ignore[list-item]


def buckets(reading: Reading, asked: Asked) -> pd.DataFrame:
    """bucket, open_items, open_amount of the part, and of the customer if one is chosen."""
    return _buckets_at(reading, asked, asked.clocks)


def customers(reading: Reading, asked: Asked) -> pd.DataFrame:
    """receivables.BY_CUSTOMER of the part and bucket, whichever customer is chosen."""
    whom = (asked.currency_code, asked.company_id, receivables.LISTED_CUSTOMERS, asked.bucket, asked.group)
    return receivables.by_customer(reading, asked.clocks, *whom)


def _buckets_at(reading: Reading, asked: Asked, clocks: Clocks) -> pd.DataFrame:
    whom = (asked.currency_code, asked.company_id, asked.group, asked.customer_id)
    return receivables.by_bucket(reading, clocks, *whom)


def earlier(reading: Reading, asked: Asked) -> dict[str, Earlier]:
    """EARLIER: the same customers on those days, with what is known at the page's own moment."""
    first = first_day(reading, asked.clocks.known_at, asked.company_id)
    found = {}
    for name, months in EARLIER.items():
        day = months_before(asked.clocks.as_of, months)
        found[name] = Earlier(day, None)
        if first is not None and first <= day:
            # the customers are those of now, the figures of then
            found[name] = Earlier(day, _buckets_at(reading, asked, Clocks(day, asked.clocks.known_at)))
    return found


@cached
def first_day(reading: Reading, known_at: dt.datetime, company_id: str | None) -> dt.date | None:
    """The day of the first movement known then."""
    return balances.first_day(reading.connection, known_at, company_id)


def parts_csv(words: Words, asked: Asked, rows: pd.DataFrame, narrowed: Sequence[str] = ()) -> bytes:
    """The rows of `parts`, of one currency, each named for its reader."""
    records = [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
    return to_csv(records, CSV, words, asked.clocks, asked.currency_code, narrowed=narrowed)
