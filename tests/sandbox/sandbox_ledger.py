"""The receivables as a bookkeeper would work them out from the export files, one row at a time, in Decimal.

Shares no code with the generator: plain csv, calamine and pyarrow, and the rules of the design document.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

Row = Mapping[str, Any]
Scope = tuple[str, str]

UNTIL = dt.date(2026, 6, 30)

ENCODINGS = {"invoices": "utf-8-sig", "payments": "cp1252", "credit_notes": "utf-16"}
DELIMITERS = {
    "invoices": ";",
    "payments": ";",
    "credit_notes": "\t",
    "disputes": "|",
    "promises": ";",
    "instalments": ",",
    "write_offs": ",",
}


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of an export by header, all texts but for Parquet."""
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".xlsx":
        header, *rows = CalamineWorkbook.from_path(path).get_sheet_by_name("Clientes").to_python()
        return [dict(zip(header, row, strict=True)) for row in rows]
    with path.open(encoding=ENCODINGS.get(path.stem, "utf-8"), newline="") as file:
        return list(csv.DictReader(file, delimiter=DELIMITERS.get(path.stem, ",")))


def money(text: str, decimal: str) -> Decimal:
    thousands = "," if decimal == "." else "."
    return Decimal(text.replace(thousands, "").replace(decimal, "."))


def day(text: str, pattern: str) -> dt.date:
    return dt.datetime.strptime(text, pattern).date()  # noqa: DTZ007


@dataclass
class Item:
    """An instalment with what is left of it."""

    scope: Scope
    due: dt.date
    left: Decimal


@dataclass
class Ledger:
    items: dict[str, Item] = field(default_factory=dict)
    credit: dict[str, tuple[Scope, Decimal]] = field(default_factory=dict)
    """Payments and credit notes with what is not applied of them."""

    def open(self) -> dict[Scope, Decimal]:
        return self._sum({id: (item.scope, item.left) for id, item in self.items.items()})

    def unapplied(self) -> dict[Scope, Decimal]:
        return self._sum(self.credit)

    def aging(self, as_of: dt.date) -> dict[tuple[str, str, str], Decimal]:
        sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        for item in self.items.values():
            late = (as_of - item.due).days
            edges = ((0, "not_due"), (30, "1-30"), (60, "31-60"), (90, "61-90"), (120, "91-120"))
            bucket = next((name for last, name in edges if late <= last), "120+")
            sums[(*item.scope, bucket)] += item.left
        return dict(sums)

    @staticmethod
    def _sum(amounts: Mapping[str, tuple[Scope, Decimal]]) -> dict[Scope, Decimal]:
        sums: dict[Scope, Decimal] = defaultdict(Decimal)
        for scope, amount in amounts.values():
            sums[scope] += amount
        return dict(sums)


def keep_ledger(files: Mapping[str, Path], dirty_rows: Mapping[str, set[int]]) -> Ledger:
    """Work it out; `dirty_rows` are positions (from 0) of the rows to leave out, by entity."""

    def rows(entity: str) -> list[dict[str, Any]]:
        leave_out = dirty_rows.get(entity, set())
        return [row for position, row in enumerate(read_rows(files[entity])) if position not in leave_out]

    ledger = Ledger()
    _debit(ledger, rows("invoices"), rows("instalments"))
    for row in rows("payments"):
        if row["Situación"] == "Recibido":
            scope = (row["Sociedad"], row["Moneda"])
            ledger.credit[row["Recibo"]] = (scope, money(row["Importe"], ","))
    for row in rows("credit_notes"):
        ledger.credit[row["Credit Note ID"]] = ((row["Company"], row["Currency"]), money(row["Amount"], "."))
    for row in rows("allocations"):
        ledger.items[row["instalment_id"] or row["invoice_id"]].left -= row["amount"]
        id = row["payment_id"] or row["credit_note_id"]
        scope, amount = ledger.credit[id]
        ledger.credit[id] = (scope, amount - row["amount"])
    for row in rows("write_offs"):
        ledger.items[row["instalment"] or row["invoice"]].left -= money(row["amount"], ".")
    return ledger


def _debit(ledger: Ledger, invoices: list[dict[str, Any]], instalments: list[dict[str, Any]]) -> None:
    parts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in instalments:
        parts[row["InvoiceId"]].append(row)
    for row in invoices:
        if row["Estado"] == "Anulada":
            continue
        scope, id, total = (row["Sociedad"], row["Moneda"]), row["Id Documento"], money(row["Importe Total"], ",")
        if id not in parts:
            ledger.items[id] = Item(scope, day(row["Fecha Vencimiento"], "%d/%m/%Y"), total)
            continue
        assert sum(money(part["Amount"], ".") for part in parts[id]) == total, row
        for part in parts[id]:
            due = day(part["DueDate"], "%Y-%m-%d")
            ledger.items[part["InstalmentId"]] = Item(scope, due, money(part["Amount"], "."))
