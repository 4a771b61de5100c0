"""Promises to pay and disputes: what became of them, by whom; cached frames with exact amounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import pandas as pd

from cartera.warehouse import disputes as disputed
from cartera.warehouse import promises as promised
from cartera.warehouse import read
from dashboards.i18n import Words
from dashboards.queries.cache import cached
from dashboards.queries.export import to_csv
from dashboards.queries.receivables import EXPORTED_ROWS, LISTED_CUSTOMERS, frame
from dashboards.queries.receivables import totals as receivable
from dashboards.queries.session import Clocks, Reading, reading

Asked, State, STATES, By = promised.Asked, promised.State, promised.STATES, promised.By
Disputed, AGES = disputed.Asked, disputed.AGES
LISTED = 500
WINDOWS, OPENING_WINDOW = (30, 90, 365), 90
TOTALS = (
    "company_id", "currency_code", "state", "promises", "judged", "kept_judged", "promised_amount", "kept_amount",
)  # fmt: skip
GROUPED = ("key", "name", "promises", *STATES, "promised_amount", "broken_amount")
BY_REASON = ("reason", "age", "invoices", "open_amount")
PROMISES_CSV: Mapping[str, str] = {
    "customer_name": "column.customer", "customer_id": "column.customer_id", "company_id": "column.company",
    "collector": "promises.col_collector", "document_number": "column.document", "made_date": "promises.col_made",
    "promised_date": "promises.col_promised_for", "last_date": "promises.col_last_day", "state": "promises.col_state",
    "source": "column.source", "kept_amount": "promises.col_kept", "later_amount": "promises.col_later",
    "promised_amount": "promises.col_promised",
}  # fmt: skip
DISPUTES_CSV: Mapping[str, str] = {
    "customer_name": "column.customer", "customer_id": "column.customer_id", "company_id": "column.company",
    "collector": "promises.col_collector", "document_number": "column.document", "reason": "promises.col_reason",
    "opened_date": "promises.col_opened", "days_open": "promises.col_days_open", "source": "column.source",
    "open_amount": "column.open",
}  # fmt: skip


@cached
def totals(reading: Reading, asked: Asked) -> pd.DataFrame:
    """TOTALS of all companies and currencies."""
    return frame(promised.totals(reading.connection, replace(asked, currency_code=None, company_id=None)), TOTALS)


def offered(reading: Reading, clocks: Clocks, found: pd.DataFrame) -> pd.DataFrame:
    """What is owed by company and currency, as `receivables.totals`, also where nothing but promises is left."""
    owed = receivable(reading, clocks)
    there = set(zip(owed["company_id"], owed["currency_code"], strict=True))
    zero = {name: Decimal(0) if name.endswith("_amount") else 0 for name in owed.columns}
    pairs = sorted({*zip(found["company_id"], found["currency_code"], strict=True)} - there)
    more = [zero | {"company_id": company, "currency_code": code} for company, code in pairs]
    return pd.concat([owed, frame(more, list(owed.columns))], ignore_index=True) if more else owed


def of_place(rows: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """One row per state, of the currency and company asked for; companies are added, currencies never."""
    mine = rows[rows["currency_code"] == asked.currency_code]
    if asked.company_id:
        mine = mine[mine["company_id"] == asked.company_id]
    names = TOTALS[3:]
    sums = [
        {"state": state} | {name: sum(mine.loc[mine["state"] == state, name], _zero(name)) for name in names}
        for state in STATES
    ]
    return frame(sums, ("state", *names))


def opening_state(sums: pd.DataFrame) -> State | None:
    """What the list of promises begins with: what is due today; where nothing is, what was broken; else all."""
    first: tuple[State, ...] = ("due_today", "broken")
    return next((state for state in first if sum(sums.loc[sums["state"] == state, "promises"])), None)


def _zero(name: str) -> Decimal | int:
    return Decimal(0) if name.endswith("_amount") else 0


@cached
def by_week(reading: Reading, asked: Asked) -> pd.DataFrame:
    return frame(promised.by_week(reading.connection, asked), ("week", "state", "promises", "promised_amount"))


@cached
def grouped(reading: Reading, asked: Asked, by: By, limit: int = LISTED_CUSTOMERS) -> pd.DataFrame:
    """GROUPED: those with most broken first."""
    return frame(promised.grouped(reading.connection, asked, by, limit=limit), GROUPED)


@cached
def promises(
    reading: Reading, asked: Asked, state: State | None, collector: str | None, customer_id: str | None,
    limit: int = LISTED,
) -> pd.DataFrame:  # fmt: skip
    """The promises behind a count."""
    rows = promised.promises(
        reading.connection, asked, state=state, collector=collector, customer_id=customer_id, limit=limit
    )
    return frame(rows, promised.COLUMNS)


@cached
def by_reason(reading: Reading, asked: Disputed) -> pd.DataFrame:
    return frame(disputed.by_reason(reading.connection, asked), BY_REASON)


@cached
def disputes(
    reading: Reading, asked: Disputed, reason: str | None, age: str | None, limit: int = LISTED
) -> pd.DataFrame:  # fmt: skip
    """The disputed invoices behind an amount."""
    rows = disputed.disputes(reading.connection, asked, reason=reason, age=age, limit=limit)
    return frame(rows, disputed.COLUMNS)


def promises_csv(
    words: Words,
    asked: Asked,
    state: State | None,
    collector: str | None,
    customer_id: str | None,
    narrowed: Sequence[str] = (),
) -> bytes:
    """Every promise behind a count. Raises DatabaseError."""
    with reading() as opened:
        rows = promised.promises(
            opened.connection, asked, state=state, collector=collector, customer_id=customer_id,
            limit=EXPORTED_ROWS + 1,
        )  # fmt: skip
    named = [row | {"state": words(f"promises.state.{row['state']}")} for row in rows]
    return _csv(words, named, PROMISES_CSV, Clocks(asked.as_of, asked.known_at), asked.currency_code or "", narrowed)


def disputes_csv(
    words: Words, asked: Disputed, reason: str | None, age: str | None, narrowed: Sequence[str] = ()
) -> bytes:
    """Every disputed invoice behind an amount. Raises DatabaseError."""
    with reading() as opened:
        rows = disputed.disputes(opened.connection, asked, reason=reason, age=age, limit=EXPORTED_ROWS + 1)
    return _csv(words, rows, DISPUTES_CSV, Clocks(asked.as_of, asked.known_at), asked.currency_code, narrowed)


def _csv(
    words: Words,
    rows: list[read.Row],
    columns: Mapping[str, str],
    clocks: Clocks,
    code: str,
    narrowed: Sequence[str],
) -> bytes:
    adding = ("promised_amount", "kept_amount", "later_amount")
    return to_csv(rows, columns, words, clocks, code, adding, narrowed)
