"""How commands speak: figures on standard output, everything else on standard error."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.table import Table

from cartera.cells import harmless

messages = Console(stderr=True, highlight=False, soft_wrap=True)
"""For progress, warnings and errors: never mixed with figures."""


PIPED_WIDTH = 160
"""Columns of a table that goes to a file or a pipe, where there is no terminal to ask."""


NEGATIVE_AMOUNT = re.compile(r"-[0-9]+(\.[0-9]+)?")
FIGURES = ("value", "numerator", "denominator")


class Format(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"


def _jsonable(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    return str(value)


def _csv_cell(value: object) -> object:
    """Text that a spreadsheet would run as a formula is quoted (law 10). An amount below zero is none."""
    return value if isinstance(value, str) and NEGATIVE_AMOUNT.fullmatch(value) else harmless(value)


def print_json(document: Mapping[str, Any]) -> None:
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2, default=_jsonable)
    sys.stdout.write("\n")


def print_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], format: Format, title: str = "") -> None:
    """Print rows as an aligned table or as CSV. Text from outside is data in both."""
    if format is Format.csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(columns)
        writer.writerows([_csv_cell(row[column]) for column in columns] for row in rows)
        return
    table = Table(title=title or None, title_justify="left")
    for column in columns:
        amount = column.endswith(("amount", "_items", "_days")) or column.startswith("rows_") or column in FIGURES
        table.add_column(column, justify="right" if amount else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if row[column] is None else _plain(row[column]) for column in columns))
    Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH).print(table)


def _plain(value: object) -> str:
    """Rich reads `[...]` as markup; outside text must not be."""
    from rich.markup import escape

    return escape(printable(str(value)))


def printable(text: str, keep: str = "") -> str:
    """Text from outside, safe for a terminal: escape sequences and direction marks become visible escapes."""
    return "".join(
        character if character.isprintable() or character in keep else ascii(character)[1:-1] for character in text
    )
