"""The CSV of a bank, as a declaration says it: the files connector cuts and reads the cells.

    columns:                       # ours: the bank's header; account and currency may be constants
      booking_date: Fecha          # needed, as is amount, or credit and debit
      amount: Importe
      text: [Concepto, Detalle]    # a list: the first that is not empty
      balance: Saldo               # after the entry; with it every line is checked against the one before
    constants: {account: ES9121000418450200051332, currency: EUR}
    dates: "%d/%m/%Y"
    decimal: ","
    thousands: "."

The period of such a file is what was asked for, so two files may hold the same entry. With balances that is seen;
without them entries that are alike to the last letter count as often as in the file that has most of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from cartera.connectors.bank.formats import Read
from cartera.connectors.bank.statement import BadStatement, Entry, Item, Statement
from cartera.connectors.files.chunk import Reader, column_name
from cartera.connectors.files.convert import Reading, convert
from cartera.connectors.files.csv_reader import CsvReader
from cartera.connectors.files.dates import DateReader
from cartera.connectors.files.messages import cell_problem
from cartera.connectors.files.spec import EntityFiles
from cartera.connectors.files.survey import survey
from cartera.errors import ConfigError, UnreadableFile
from cartera.landing.entities import Column
from cartera.yaml_config import guess, load_yaml_model

COLUMNS = {
    column.name: column
    for column in (
        Column("booking_date", "date", required=True),
        Column("value_date", "date"),
        *(Column(name, "amount", may_be_negative=True) for name in ("amount", "credit", "debit", "balance")),
        *(
            Column(name)
            for name in (
                "account", "currency", "counterparty_name", "counterparty_account", "text", "reference",
                "end_to_end_id", "bank_reference", "code", "customer", "refunded_customer",
            )
        ),
    )
}  # fmt: skip

_AS_THEY_ARE = (
    "value_date", "currency", "counterparty_name", "counterparty_account", "text", "reference", "end_to_end_id",
    "bank_reference", "code", "customer", "refunded_customer",
)  # fmt: skip

Row = Mapping[str, Any]


class Declaration(EntityFiles):
    """What the files connector knows of a file, and nothing of entities."""

    files: str = "*"


def declared(path: Path) -> Read:
    """The reader of the CSV files of a bank. Raises ConfigError."""
    declaration = load_yaml_model(path, Declaration, as_text=True)
    said = {*declaration.columns, *declaration.constants}
    for name in said - COLUMNS.keys():
        raise ConfigError(f"{path}: a statement has no column {name!r}", guess(name, list(COLUMNS)))
    missing = {"booking_date", "account", "currency"} - said
    if not {"amount", "credit", "debit"} & said:
        missing.add("amount")
    if missing:
        raise ConfigError(
            f"{path}: {', '.join(sorted(missing))} not declared",
            "name the bank's header under `columns`, or a constant",
        )
    return partial(_read, declaration)


def _read(declaration: Declaration, path: Path, _head: bytes) -> Iterator[Item]:
    """Raises BadStatement."""
    try:
        rows = list(_rows(declaration, path))
    except UnreadableFile as error:
        raise BadStatement(error.problem.removeprefix(f"{path}: ")) from None
    if not rows:
        raise BadStatement("holds a header and no entry")
    accounts: dict[str, list[Row]] = {}
    for row in rows:
        accounts.setdefault(row["account"], []).append(row)
    for account, own in accounts.items():
        yield from _statement(account, own, path)


def _rows(declaration: Declaration, path: Path) -> Iterator[Row]:
    """Every line, typed; one that can't be read refuses the file: a statement is whole or it is nothing."""
    reader: Reader = CsvReader(survey(path, declaration), declaration)
    places = _places(declaration, reader.headers)
    wanted = {place: [COLUMNS[name]] for name, found in places.items() for place in found}
    reading = Reading(DateReader(declaration.dates), declaration.decimal, declaration.thousands)
    for chunk in reader.chunks(wanted):
        for bad in chunk.bad_records:
            raise BadStatement(f"row {bad.row_number} {bad.message}")
        numbers = chunk.row_numbers.to_pylist()
        columns: dict[str, list[Any]] = {}
        for name, found in places.items():
            for place in found:
                raw = chunk.table[column_name(place)].combine_chunks()
                typed = convert(COLUMNS[name], raw, reading, declaration.values.get(name, {}))
                for reason, mask in typed.problems.items():
                    if True in (wrong := mask.to_pylist()):
                        at = wrong.index(True)
                        said = cell_problem(reason, COLUMNS[name], reader.headers[place], raw[at].as_py(), declaration)
                        raise BadStatement(f"row {numbers[at]}: {said}")
                values = typed.values.to_pylist()
                before = columns.get(name, [None] * len(values))
                columns[name] = [one if one is not None else other for one, other in zip(before, values, strict=True)]
        for at, number in enumerate(numbers):
            row = {**declaration.constants, **{name: values[at] for name, values in columns.items()}}
            if any(values[at] is not None for values in columns.values()):
                yield _whole(row, number)


def _places(declaration: Declaration, headers: Sequence[str]) -> dict[str, list[int]]:
    found = {}
    for name, theirs in declaration.columns.items():
        for header in theirs:
            if headers.count(header) != 1:
                raise BadStatement(f"has {headers.count(header)} columns {header!r} ({name}), not one")
        found[name] = [headers.index(header) for header in theirs]
    return found


def _whole(row: Row, number: int) -> Row:
    for name in ("booking_date", "account", "currency"):
        if row.get(name) is None:
            raise BadStatement(f"row {number} has no {name}")
    sides = [row.get(name) for name in ("amount", "credit", "debit")]
    if not any(amount is not None for amount in sides):
        raise BadStatement(f"row {number} has no amount")
    amount, credit, debit = (side or Decimal(0) for side in sides)
    # some write what went out as a negative debit
    return {**row, "signed": amount + credit - abs(debit)}


def _statement(account: str, rows: list[Row], path: Path) -> Iterator[Item]:
    has_balances = all(row.get("balance") is not None for row in rows)
    is_backwards = rows[0]["booking_date"] > rows[-1]["booking_date"]
    if is_backwards or (has_balances and _break(rows) is not None and _break(rows[::-1]) is None):
        rows = rows[::-1]  # the newest stands first
    if has_balances and (place := _break(rows)) is not None:
        raise BadStatement(
            f"account {account} does not add up: the balance of {rows[place]['balance']:f} on"
            f" {rows[place]['booking_date']} and {rows[place + 1]['signed']:f} don't give"
            f" {rows[place + 1]['balance']:f}"
        )
    first, last = rows[0], rows[-1]
    statement = Statement(
        account,
        f"{first['booking_date']}/{last['booking_date']}",
        first["currency"],
        entries_keyed="account",
        from_date=first["booking_date"],
        to_date=last["booking_date"],
    )
    if has_balances:
        statement.opening = first["balance"] - first["signed"]
        statement.closing = last["balance"]
        statement.number += f"/{statement.opening.normalize():f}"
    else:
        # nothing says whether another file of these days goes on where this one ends: none replaces the other
        statement.number += f"/{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"
    yield statement
    for row in rows:
        others: dict[str, Any] = {name: row.get(name) for name in _AS_THEY_ARE}
        yield Entry(
            amount=abs(row["signed"]),
            side="DBIT" if row["signed"] < 0 else "CRDT",
            booking_date=row["booking_date"],
            **others,
        )


def _break(rows: Sequence[Row]) -> int | None:
    """After which row the next balance is not the one before and its entry."""
    for place, (one, other) in enumerate(pairwise(rows)):
        if one["balance"] + other["signed"] != other["balance"]:
            return place
    return None
