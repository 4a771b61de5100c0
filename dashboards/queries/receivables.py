"""What is open, overdue, unapplied: cached frames with exact amounts (Decimal) until they are shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from cartera.warehouse import balances, read
from cartera.warehouse.groups import Group
from dashboards.queries.cache import cached
from dashboards.queries.session import Clocks, Reading

LISTED_CUSTOMERS = 500
LISTED_ITEMS = 1_000
EXPORTED_ROWS = 200_000

TOTALS = (
    "company_id", "currency_code", "open_items", "open_amount", "overdue_items", "overdue_amount",
    "unapplied_items", "unapplied_amount",
)  # fmt: skip
BY_CUSTOMER = (
    "customer_id",
    "customer_name",
    "customers",
    "open_items",
    "open_amount",
    "overdue_amount",
    *read.BUCKETS,
)


@dataclass(frozen=True)
class Headline:
    """The figures of one currency; `overdue_pct` is a share of one, None when nothing is open."""

    currency_code: str
    open_amount: Decimal
    open_items: int
    overdue_amount: Decimal
    overdue_items: int
    unapplied_amount: Decimal
    unapplied_items: int

    @property
    def overdue_pct(self) -> Decimal | None:
        return self.overdue_amount / self.open_amount if self.open_amount else None


@cached
def totals(reading: Reading, clocks: Clocks) -> pd.DataFrame:
    """TOTALS, one row per company and currency that has open items or unapplied credit."""
    debts, credits = _open_on(reading, clocks)
    rows = {(row["company_id"], row["currency_code"]): row for row in balances.totals_of(debts)}
    for credit in credits:
        key = (credit["company_id"], credit["currency_code"])
        row = rows.setdefault(key, {"company_id": key[0], "currency_code": key[1]})
        row |= {"unapplied_items": credit["open_items"], "unapplied_amount": credit["open_amount"]}
    zero = {name: Decimal(0) if name.endswith("_amount") else 0 for name in TOTALS[2:]}
    return frame([zero | row for _key, row in sorted(rows.items())], TOTALS)


def headlines(totals: pd.DataFrame, company_id: str | None) -> list[Headline]:
    """One per currency, the one with most open items first; companies are added, currencies never."""
    of_company = totals if company_id is None else totals[totals["company_id"] == company_id]
    names = list(Headline.__dataclass_fields__)[1:]
    found = []
    for currency, rows in of_company.groupby("currency_code"):
        sums: dict[str, Any] = {name: sum(rows[name], Decimal(0) if "amount" in name else 0) for name in names}
        found.append(Headline(str(currency), **sums))
    return sorted(found, key=lambda line: (-line.open_items, line.currency_code))


def companies(totals: pd.DataFrame, currency_code: str, company_id: str | None) -> list[str]:
    """The one that is asked for, or all that owe or have credit in the currency."""
    if company_id is not None:
        return [company_id]
    return sorted(totals[totals["currency_code"] == currency_code]["company_id"].unique())


@cached
def by_bucket(
    reading: Reading, clocks: Clocks, currency_code: str, company_id: str | None, group: Group | None = None,
    customer_id: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """bucket, open_items, open_amount for every bucket in order, also those where nothing is open."""
    if group is None and customer_id is None:
        found = in_buckets(reading, clocks)
    else:
        at = (reading.connection, clocks.as_of, clocks.known_at)
        found = read.aging(*at, by="bucket", group=group, customer_id=customer_id)
    rows = _of(found, currency_code, company_id)
    buckets = [*read.BUCKETS, *sorted({row["bucket"] for row in rows} - set(read.BUCKETS))]
    return frame(
        [
            {
                "bucket": bucket,
                "open_items": sum(row["open_items"] for row in rows if row["bucket"] == bucket),
                "open_amount": sum((row["open_amount"] for row in rows if row["bucket"] == bucket), Decimal(0)),
            }
            for bucket in buckets
        ],
        ("bucket", "open_items", "open_amount"),
    )


def _of(rows: Sequence[read.Row], currency_code: str, company_id: str | None) -> list[read.Row]:
    """Those of one currency, of one company or all."""
    return [row for row in rows if row["currency_code"] == currency_code and company_id in (None, row["company_id"])]


def in_buckets(reading: Reading, clocks: Clocks) -> list[read.Row]:
    """balances.BY_BUCKET of every company and currency: of a past day one question answers for all of them."""
    return _open_on(reading, clocks)[0]


def unapplied_on(reading: Reading, clocks: Clocks, currency_code: str, company_id: str | None) -> Decimal:
    """Credit not yet applied, below zero: answered with what is in buckets on that day."""
    credits = _of(_open_on(reading, clocks)[1], currency_code, company_id)
    return sum((row["open_amount"] for row in credits), Decimal(0))


@cached
def _open_on(reading: Reading, clocks: Clocks) -> tuple[list[read.Row], list[read.Row]]:
    """balances.aging_and_credit."""
    return balances.aging_and_credit(reading.connection, clocks.as_of, clocks.known_at)


def disputed(reading: Reading, clocks: Clocks, currency_code: str, company_id: str | None) -> Decimal:
    """What is open of disputed instalments."""
    found = _of(disputed_on(reading, clocks), currency_code, company_id)
    return sum((row["disputed_amount"] for row in found), Decimal(0))


@cached
def disputed_on(reading: Reading, clocks: Clocks) -> list[read.Row]:
    """balances.totals: of a past day it takes longer than what is in buckets."""
    return balances.totals(reading.connection, clocks.as_of, clocks.known_at)


@cached
def by_customer(
    reading: Reading,
    clocks: Clocks,
    currency_code: str,
    company_id: str | None,
    limit: int,
    bucket: str | None = None,
    group: Group | None = None,
) -> pd.DataFrame:
    """BY_CUSTOMER: first the row for all (customer_id None), then the `limit` largest debtors."""
    rows = read.customer_aging(
        reading.connection,
        clocks.as_of,
        clocks.known_at,
        currency_code=currency_code,
        company_id=company_id,
        bucket=bucket,
        group=group,
        limit=limit,
    )
    return frame(rows, BY_CUSTOMER)


@cached
def open_items(
    reading: Reading,
    clocks: Clocks,
    currency_code: str,
    company_id: str | None,
    customer_id: str | None,
    bucket: str | None,
    limit: int,
    item_ids: tuple[str, ...] | None = None,
    expected_until: dt.date | None = None,
    group: Group | None = None,
    part: read.Part = "open_amount",
) -> pd.DataFrame:
    """What is behind a figure (read.OPEN_ITEM_COLUMNS), longest past due first: instalments, or those of a part."""
    rows = read.open_items(
        reading.connection,
        clocks.as_of,
        clocks.known_at,
        currency_code=currency_code,
        company_id=company_id,
        customer_id=customer_id,
        bucket=bucket,
        part=part,
        item_ids=item_ids,
        expected_until=expected_until,
        group=group,
        limit=limit,
    )
    return frame(rows, read.OPEN_ITEM_COLUMNS)


@cached
def unapplied_of(
    reading: Reading, clocks: Clocks, currency_code: str, company_id: str | None, customer_id: str
) -> Decimal:
    """Credit of one customer not yet applied, <= 0."""
    rows = read.open_items(
        reading.connection,
        clocks.as_of,
        clocks.known_at,
        currency_code=currency_code,
        company_id=company_id,
        customer_id=customer_id,
        item_type="unapplied_credit",
    )
    return sum((row["open_amount"] for row in rows), Decimal(0))


def frame(rows: Sequence[read.Row], columns: Sequence[str]) -> pd.DataFrame:
    """Rows as a frame that has its columns also when it is empty; values stay Python objects."""
    return pd.DataFrame([[row[name] for name in columns] for row in rows], columns=list(columns), dtype=object)
