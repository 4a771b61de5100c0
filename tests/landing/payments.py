"""Deliveries of payments made by hand, and what the database holds of them."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pyarrow as pa
from psycopg2.extensions import connection as Connection

from cartera.clock import FOREVER
from cartera.landing import Batch, DeliveredFile, Delivery, LoadReport, Reject, land, next_recorded_at
from cartera.landing.encode import schema
from cartera.landing.entities import ENTITIES

PAYMENTS = ENTITIES["payments"]
NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
FILE = "payments.csv"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Payment:
    """One row; `reference` tells two contents of the same key apart."""

    payment_id: str
    amount: Decimal = Decimal("10.00")
    currency_code: str = "USD"
    reference: str | None = None

    def values(self) -> dict[str, Any]:
        return {
            "payment_id": self.payment_id,
            "company_id": "main",
            "customer_id": "C1",
            "received_date": dt.date(2026, 5, 1),
            "currency_code": self.currency_code,
            "amount": self.amount,
            "reference": self.reference,
        }


@dataclass(frozen=True)
class Bad:
    """A row that the connector rejects."""

    payment_id: str | None
    amount: Decimal | None = None
    currency_code: str | None = None


def table(rows: Sequence[tuple[int, Payment]]) -> pa.Table:
    return pa.Table.from_pylist([payment.values() | {"row_number": number} for number, payment in rows], _SCHEMA)


_SCHEMA = schema(PAYMENTS)


def batches(records: Sequence[Payment | Bad]) -> Iterator[Batch]:
    """Small ones, so that a few records make several; a long delivery as connectors read it."""
    numbered = list(enumerate(records, start=1))
    size = 3 if len(numbered) < 100 else 5_000
    for start in range(0, len(numbered), size):
        part = numbered[start : start + size]
        good = [(number, record) for number, record in part if isinstance(record, Payment)]
        bad = [reject(number, record) for number, record in part if isinstance(record, Bad)]
        yield Batch(table(good), bad, FILE)


def reject(number: int, record: Bad) -> Reject:
    key = record.payment_id
    raw = f"{key};{record.amount};{record.currency_code}".encode("utf-8", "replace")
    return Reject(FILE, number, key, "amount", "bad_amount", "not a number", raw, "csv", record.amount,
                  record.currency_code)  # fmt: skip


def deliver(records: Sequence[Payment | Bad], source: str = "erp", **changes: Any) -> Delivery:
    """A full delivery unlike any other."""
    fingerprint = f"delivery {next(_numbers)}"
    file = DeliveredFile(FILE, fingerprint, "payment_id;amount;currency")
    delivery = Delivery(source, "files", PAYMENTS, "full", fingerprint, (file,), batches(records))
    return replace(delivery, **changes)


def land_now(connection: Connection, delivery: Delivery, now: dt.datetime = NOON) -> LoadReport:
    """Land and commit."""
    report = land(connection, delivery, next_recorded_at(connection, delivery.source, now))
    connection.commit()
    return report


def rows(connection: Connection, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def versions(connection: Connection, source: str = "erp") -> list[tuple[Any, ...]]:
    """(key, amount, reference, is_deleted, recorded_from, recorded_to) in order."""
    return rows(
        connection,
        "select record_key, amount, reference, is_deleted, recorded_from, recorded_to from raw_files.payments"
        " where source = %s order by record_key, recorded_from",
        [source],
    )


def current(connection: Connection, source: str = "erp") -> dict[str, tuple[Decimal, str | None]]:
    return known_at(connection, FOREVER - dt.timedelta(microseconds=1), source)


def known_at(connection: Connection, moment: dt.datetime, source: str = "erp") -> dict[str, tuple[Decimal, str | None]]:
    """key -> (amount, reference) of what was known at a moment."""
    found = rows(
        connection,
        "select record_key, amount, reference from raw_files.payments where source = %(source)s and not is_deleted"
        " and recorded_from <= %(moment)s and recorded_to > %(moment)s",
        {"source": source, "moment": moment},  # type: ignore[arg-type]
    )
    assert len({key for key, *_values in found}) == len(found), "two versions of a record hold at the same moment"
    return {key: (amount, reference) for key, amount, reference in found}


def quarantine(connection: Connection, source: str = "erp") -> list[tuple[Any, ...]]:
    """(key, row_number, reason_code, status, raw_bytes) in order."""
    found = rows(
        connection,
        "select record_key, row_number, reason_code, status, raw_bytes from quarantine.records"
        " where source = %s order by quarantine_id",
        [source],
    )
    return [(*values, bytes(raw)) for *values, raw in found]
