"""Streams a delivery into temporary tables, good rows here and rejects there, counting on the way."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

import psycopg2
from psycopg2.extensions import cursor as Cursor

from cartera.errors import SourceError
from cartera.landing.absences import drop_overtaken, fill_absences
from cartera.landing.ahead import Stream, ahead
from cartera.landing.delivery import NO_CURRENCY, Batch, Delivery, Reject
from cartera.landing.encode import amounts, encode, schema
from cartera.landing.quarantine import Spool, storable
from cartera.landing.refusal import split_unstorable
from cartera.landing.repeats import take_repeats
from cartera.landing.tables import Tables
from cartera.money import SCALE

Amounts = dict[str, Decimal]

ROWS_AT_ONCE = 65_536
"""A larger batch is copied in parts, so that memory depends on neither the file nor the connector."""


@dataclass
class Delivered:
    """What came in, counted before the database sees it; `file_names` by batch number."""

    rows: int = 0
    repeated: int = 0
    amounts: Amounts = field(default_factory=dict)
    file_names: list[str] = field(default_factory=list)

    def add(self, rows: int, amounts: Iterable[tuple[str, Decimal]]) -> None:
        self.rows += rows
        for currency, amount in amounts:
            self.amounts[currency] = self.amounts.get(currency, Decimal(0)) + amount

    def leave_out(self, rows: int, amounts: Iterable[tuple[str, Decimal]]) -> None:
        """Rows of records that came again: they were read twice, not delivered twice."""
        self.add(-rows, ((currency, -amount) for currency, amount in amounts))
        self.repeated += rows


def fill_stage(cursor: Cursor, delivery: Delivery) -> Delivered:
    """Fill `landing_stage` with rows whose keys are unique, and `landing_rejects` with all others.

    Raises what the connector raises while it reads, and SourceError for what can't be landed at all.
    """
    tables = Tables(delivery.system, delivery.entity)
    cursor.execute(
        tables.sql(
            "create temporary table landing_stage (batch_number int not null, record_hash text not null,"
            " row_number bigint not null, {stage_columns}) on commit drop"
        )
    )
    with Spool() as spool:
        delivered = Delivered()
        _copy_rows(cursor, delivery, spool, delivered)
        cursor.execute(tables.sql("analyze landing_stage ({key})"))
        if delivery.repeats == "keep_last":
            fill_absences(cursor, delivery)
            delivered.leave_out(*drop_overtaken(cursor, tables))
        else:
            spool.add(take_repeats(cursor, delivery, delivered.file_names))
        spool.copy(cursor)
    return delivered


def _copy_rows(cursor: Cursor, delivery: Delivery, spool: Spool, delivered: Delivered) -> None:
    parts = itertools.chain.from_iterable(map(_in_parts, delivery.batches))
    with ahead(parts) as batches, ahead(_encoded(batches, delivery, spool, delivered)) as lines:
        stream = Stream(lines)
        try:
            cursor.copy_expert("copy landing_stage from stdin with (format csv, freeze)", stream, size=1 << 20)
        except psycopg2.Error as error:
            if stream.interruption is not None:
                raise stream.interruption from None
            if isinstance(error, (psycopg2.DataError, psycopg2.IntegrityError)):
                raise SourceError(
                    f"{delivery.source}, {delivery.entity.name}: the database refused a value: {_one_line(error)}",
                    "its row should have gone to quarantine: please report it",
                ) from error
            raise


def _one_line(error: psycopg2.Error) -> str:
    return str(error).splitlines()[0]


def _encoded(batches: Iterable[Batch], delivery: Delivery, spool: Spool, delivered: Delivered) -> Iterator[bytes]:
    """The good rows as COPY lines; what is bad goes to the spool, and all of it is counted."""
    for number, batch in enumerate(batches):
        _check_schema(delivery, batch)
        rows, refused = split_unstorable(delivery, batch)
        rejects = [*map(_accountable, batch.rejects), *refused]
        delivered.file_names.append(batch.file_name)
        delivered.add(rows.num_rows, amounts(delivery.entity, rows).items())
        delivered.add(len(rejects), _amounts_of(delivery, rejects))
        spool.add(rejects)
        yield encode(delivery.entity, rows, number)


def _in_parts(batch: Batch) -> Iterable[Batch]:
    if batch.rows.num_rows <= ROWS_AT_ONCE:
        return [batch]
    starts = range(0, batch.rows.num_rows, ROWS_AT_ONCE)
    return (
        replace(batch, rows=batch.rows.slice(start, ROWS_AT_ONCE), rejects=[] if start else batch.rejects)
        for start in starts
    )


def _check_schema(delivery: Delivery, batch: Batch) -> None:
    expected = schema(delivery.entity)
    if not batch.rows.schema.equals(expected):
        raise TypeError(f"batches of {delivery.entity.name} must be {expected}, not {batch.rows.schema}")


def _accountable(reject: Reject) -> Reject:
    """The reject with an amount and a currency as the database will hold them, or without: it may be bad for them."""
    currency = storable(reject.currency_code) or None
    amount = reject.amount
    if amount is not None:
        fits = amount.is_finite() and abs(amount) < 10**17
        amount = round(amount, SCALE) if fits else None
    return replace(reject, amount=amount, currency_code=currency)


def _amounts_of(delivery: Delivery, rejects: Iterable[Reject]) -> Iterable[tuple[str, Decimal]]:
    if delivery.entity.amount is None:
        return []
    return [(reject.currency_code or NO_CURRENCY, reject.amount or Decimal(0)) for reject in rejects]


def staged(cursor: Cursor, tables: Tables) -> tuple[int, Amounts]:
    """Rows and amounts by currency in `landing_stage`, as the database counts them."""
    cursor.execute(tables.sql("select {currency}, count(*), coalesce(sum({amount}), 0) from landing_stage group by 1"))
    return _sums(cursor, tables)


def rejected(cursor: Cursor, tables: Tables) -> tuple[int, Amounts]:
    """Rows and amounts by currency in `landing_rejects`, as the database counts them."""
    cursor.execute(
        "select coalesce(currency_code, %s), count(*), coalesce(sum(amount), 0) from landing_rejects group by 1",
        [NO_CURRENCY],
    )
    return _sums(cursor, tables)


def _sums(cursor: Cursor, tables: Tables) -> tuple[int, Amounts]:
    rows = cursor.fetchall()
    amounts = {currency: amount for currency, _count, amount in rows} if tables.entity.amount else {}
    return sum(count for _currency, count, _amount in rows), amounts
