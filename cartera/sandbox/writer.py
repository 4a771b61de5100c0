"""Writes all export files of one plan, a half-month at a time, and adds up as it goes."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from cartera.sandbox import tables
from cartera.sandbox.customers import Customers, customer_rows, make_customers
from cartera.sandbox.dice import Ints
from cartera.sandbox.dirty import (
    DIRTY_ALLOCATION,
    DIRTY_CUSTOMERS,
    DIRTY_LINES,
    REPEAT,
    DirtyRow,
    dirty_allocation,
)
from cartera.sandbox.exports import Columns, CsvExport, ParquetExport, write_xlsx
from cartera.sandbox.movements import Books, keep_books
from cartera.sandbox.plan import Plan
from cartera.sandbox.rates import COMPANY_HEADER, RATE_HEADER, company_rows, rate_rows
from cartera.sandbox.totals import Totals, delivered, open_amounts

Key = TypeVar("Key")

MAX_XLSX_CUSTOMERS = 5_000
"""A workbook takes about 10 s per 100,000 rows; larger companies export CSV."""


@dataclass(frozen=True)
class SandboxReport:
    """What was written, and what a right ledger must say of it as of `until`.

    `rows`: by entity, with the dirty ones. `amounts`: by entity and currency ('*' where the records carry
    none), without the dirty ones. `open`, `unapplied`: by (company, currency), both not negative; `buckets`:
    open by (company, currency, bucket). `dirty`: the rows that must end in quarantine.
    """

    until: dt.date
    directory: Path
    files: dict[str, Path]
    rows: dict[str, int]
    amounts: dict[str, dict[str, Decimal]]
    dirty: tuple[DirtyRow, ...]
    open: dict[tuple[str, str], Decimal]
    unapplied: dict[tuple[str, str], Decimal]
    buckets: dict[tuple[str, str, str], Decimal]
    open_items: int


class CompanyWriter:
    """Writes into an empty directory; what is held in memory is one half-month."""

    def __init__(self, plan: Plan, directory: Path) -> None:
        self._plan, self._directory = plan, directory
        self._customers: Customers = make_customers(plan)
        self._totals = Totals()
        self._amounts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._dirty: list[DirtyRow] = []
        self._files: dict[str, Path] = {}
        self._rows: dict[str, int] = {}
        self._exports: dict[str, CsvExport | ParquetExport] = {}

    def write(self) -> SandboxReport:
        self._write_reference("companies", COMPANY_HEADER, company_rows())
        self._write_reference("fx_rates", RATE_HEADER, rate_rows(self._plan))
        self._write_customers()
        with ExitStack() as stack:
            for period in self._plan.periods():
                self._write_books(keep_books(self._plan, self._customers, period), stack)
                if not self._dirty_is_written and period.end_invoice:
                    self._write_dirty()
        self._rows |= {entity: export.rows for entity, export in self._exports.items()}
        return SandboxReport(
            until=self._plan.until,
            directory=self._directory,
            files=self._files,
            rows=self._rows,
            amounts={entity: _decimals(sums) for entity, sums in self._amounts.items()},
            dirty=tuple(self._dirty),
            open=_decimals(self._totals.open),
            unapplied=_decimals(self._totals.unapplied),
            buckets=_decimals(self._totals.buckets),
            open_items=self._totals.open_items,
        )

    def _write_reference(self, entity: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        with CsvExport(self._file(entity, "csv"), tables.DIALECTS[entity], header) as export:
            export.write_rows(rows)
        self._rows[entity] = export.rows

    def _write_customers(self) -> None:
        rows = list(customer_rows(self._plan, self._customers))
        dirty_from = len(rows) + 2
        rows += [row for _key, _reason, row in DIRTY_CUSTOMERS]
        is_xlsx = self._plan.customers <= MAX_XLSX_CUSTOMERS
        path = self._file("customers", "xlsx" if is_xlsx else "csv")
        if is_xlsx:
            write_xlsx(path, "Clientes", tables.CUSTOMER_HEADER, rows, self._plan.first_day)
        else:
            with CsvExport(path, tables.DIALECTS["customers"], tables.CUSTOMER_HEADER) as export:
                export.write_rows(rows)
        self._rows["customers"] = len(rows)
        for number, (key, reason, _row) in enumerate(DIRTY_CUSTOMERS, start=dirty_from):
            self._dirty.append(DirtyRow("customers", path.name, number, key, reason))

    def _write_books(self, books: Books, stack: ExitStack) -> None:
        left = open_amounts(self._plan, books)
        self._totals.add(self._plan, books, left)
        for entity, currency, amount in delivered(self._plan, books):
            self._amounts[entity][currency] += amount
        for entity, columns in _tables(self._plan, books, left):
            if entity not in self._exports:
                self._exports[entity] = export = self._open(entity, columns)
                stack.push(export)
            self._exports[entity].write(columns)

    def _open(self, entity: str, columns: Columns) -> CsvExport | ParquetExport:
        if entity == "allocations":
            return ParquetExport(self._file(entity, "parquet"), tables.ALLOCATION_SCHEMA)
        return CsvExport(self._file(entity, "csv"), tables.DIALECTS[entity], list(columns))

    def _file(self, entity: str, suffix: str) -> Path:
        self._files[entity] = self._directory / f"{entity}.{suffix}"
        return self._files[entity]

    @property
    def _dirty_is_written(self) -> bool:
        return len(self._dirty) > len(DIRTY_CUSTOMERS)

    def _write_dirty(self) -> None:
        for entity, export in self._exports.items():
            if isinstance(export, ParquetExport):
                export.write(dirty_allocation())
                key, reason = DIRTY_ALLOCATION
                self._dirty.append(DirtyRow(entity, export.path.name, export.rows, key, reason))
                continue
            for dirty in DIRTY_LINES.get(entity, ()):
                is_repeat = dirty.line == REPEAT
                number = export.write_line(export.first_line if is_repeat else dirty.line)
                record_key = export.first_line.split(export.dialect.delimiter)[0] if is_repeat else dirty.record_key
                self._dirty.append(DirtyRow(entity, export.path.name, number, record_key, dirty.reason))


def _tables(plan: Plan, books: Books, left: Ints) -> Iterator[tuple[str, Columns]]:
    """One at a time: as texts, a half-month of a large company takes some 100 MB per table."""
    yield "invoices", tables.invoice_columns(plan, books, left)
    yield "instalments", tables.instalment_columns(plan, books)
    yield "credit_notes", tables.credit_note_columns(plan, books)
    yield "payments", tables.payment_columns(plan, books)
    yield "allocations", tables.allocation_columns(plan, books)
    yield "write_offs", tables.write_off_columns(plan, books)
    yield "disputes", tables.dispute_columns(plan, books)
    yield "promises", tables.promise_columns(plan, books)


def _decimals(hundredths: dict[Key, int]) -> dict[Key, Decimal]:
    return {key: Decimal(value) / 100 for key, value in hundredths.items()}
