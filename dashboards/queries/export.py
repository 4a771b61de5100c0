"""Tables as CSV files: complete, with a total row, and safe to open in a spreadsheet.

An export is made when its button is clicked, after the page's own transaction has ended, so it opens
one of its own; the same two clocks give the same figures (law 4).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, NamedTuple

from cartera.cells import safe_cell
from cartera.warehouse import read
from cartera.warehouse.groups import Group
from dashboards.i18n import Words
from dashboards.queries.receivables import EXPORTED_ROWS
from dashboards.queries.session import Clocks, reading

ADDED = ("open_items", "item_amount", "overdue_amount", "open_amount", "effect_amount", "expected_amount")

ITEMS = {
    "company_id": "column.company", "customer_id": "column.customer_id", "customer_name": "column.customer",
    "document_number": "column.document", "issue_date": "column.issued", "due_date": "column.due",
    "days_past_due": "column.days", "bucket": "column.bucket", "is_disputed": "column.disputed",
    "item_amount": "column.item_amount", "open_amount": "column.open",
}  # fmt: skip
WITH_CREDIT: tuple[read.Part, ...] = ("balance", "unapplied_amount")
OF_CREDIT = {"document_number": "customer.col_document", "item_amount": "customer.col_amount"}
"""Headings where payments and credit notes stand too, which are no invoices."""
CUSTOMERS = {
    "customer_id": "column.customer_id", "customer_name": "column.customer", "open_items": "column.items",
    **{bucket: bucket for bucket in read.BUCKETS}, "overdue_amount": "column.overdue", "open_amount": "column.open",
}  # fmt: skip


OF_DEBTS = {"company_id": "column.company", "customer_id": "column.customer_id"}
"""The first columns of a file of the rows behind a figure."""
FIGURE_DECIMALS = 18
"""Those of an amount (six) times a rate (twelve), so that sums stay exact; a quotient, which has no last digit, ends
there."""


@dataclass(frozen=True)
class Said:
    """How a file says what it has: the headings of its columns, as on the page, and what its rows are narrowed to."""

    words: Words
    headings: Mapping[str, str]
    narrowed: tuple[str, ...]


class Counted(NamedTuple):
    """A file and how many rows it holds: the log of what was taken says so."""

    content: bytes
    rows: int


def open_items_csv(
    words: Words,
    clocks: Clocks,
    currency_code: str,
    company_id: str | None,
    customer_id: str | None,
    bucket: str | None,
    item_ids: tuple[str, ...] | None = None,
    expected_until: dt.date | None = None,
    group: Group | None = None,
    part: read.Part = "open_amount",
    narrowed: Sequence[str] = (),
) -> bytes:
    """Every instalment behind a figure, or what a part has; `narrowed` says it in words. Raises DatabaseError."""
    with reading() as opened:
        rows = read.open_items(
            opened.connection,
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
            limit=EXPORTED_ROWS + 1,
        )
    # credit is in no bucket
    said = [
        row | {"bucket": row["bucket"] and words.bucket(row["bucket"]), "is_disputed": words.yes_no(row["is_disputed"])}
        for row in rows
    ]
    columns = ITEMS | (OF_CREDIT if part in WITH_CREDIT else {})
    return to_csv(said, columns, words, clocks, currency_code, narrowed=narrowed)


def customers_csv(
    words: Words,
    clocks: Clocks,
    currency_code: str,
    company_id: str | None,
    bucket: str | None = None,
    group: Group | None = None,
    narrowed: Sequence[str] = (),
) -> bytes:
    """Every customer by bucket; with a bucket or a group what is in it. Raises DatabaseError."""
    with reading() as opened:
        rows = read.customer_aging(
            opened.connection,
            clocks.as_of,
            clocks.known_at,
            currency_code=currency_code,
            company_id=company_id,
            bucket=bucket,
            group=group,
            limit=EXPORTED_ROWS + 1,
        )
    customers = [row for row in rows if row["customer_id"] is not None]
    return to_csv(customers, CUSTOMERS, words, clocks, currency_code, narrowed=narrowed)


def to_csv(
    rows: Sequence[read.Row],
    columns: Mapping[str, str],
    words: Words,
    clocks: Clocks,
    currency_code: str,
    adding: Sequence[str] = (),
    narrowed: Sequence[str] = (),
    is_plain: bool = False,
) -> bytes:
    """UTF-8 with a mark that Excel understands; each row says its currency, both clocks and what it is narrowed to.

    `columns` have text keys or, with `is_plain`, the headings. The last row counts and adds what is above it (`adding`:
    also these columns), and says so when rows beyond EXPORTED_ROWS were left out.
    """
    kept, text = rows[:EXPORTED_ROWS], io.StringIO()
    writer = csv.writer(text)
    stamp = {
        "column.currency": currency_code,
        "column.as_of": clocks.as_of.isoformat(),
        "column.known_at": clocks.known_at.isoformat(),
        "column.filters": safe_cell(" · ".join(narrowed), currency_code),
    }
    headings = [*columns.values()]
    if not is_plain:
        headings = [words.bucket(label) if label in read.BUCKETS else words(label) for label in headings]
    writer.writerow([*headings, *map(words, stamp)])
    for row in kept:
        writer.writerow([*(safe_cell(row[name], currency_code) for name in columns), *stamp.values()])
    is_cut = len(rows) > len(kept)
    label = words("export.capped", shown=EXPORTED_ROWS) if is_cut else f"{words('export.total')}: {len(kept)}"
    writer.writerow([label, *_sums(kept, list(columns)[1:], currency_code, adding), *stamp.values()])
    return text.getvalue().encode("utf-8-sig")


def figures_csv(
    words: Words, rows: Iterable[read.Row], columns: Mapping[str, str], clocks: Clocks, stated: Mapping[str, object]
) -> bytes:
    """Figures that have no total, each with both clocks and what it was asked with; both have text keys.

    Exact, but for quotients: they end after FIGURE_DECIMALS.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    stamp = {"column.as_of": clocks.as_of, "column.known_at": clocks.known_at, **stated}
    writer.writerow(map(words, [*columns.values(), *stamp]))
    for row in rows:
        writer.writerow(safe_cell(_ended(value), None) for value in (*(row[name] for name in columns), *stamp.values()))
    return text.getvalue().encode("utf-8-sig")


def _ended(value: object) -> object:
    is_long = isinstance(value, Decimal) and value.as_tuple().exponent < -FIGURE_DECIMALS
    return value.quantize(Decimal(1).scaleb(-FIGURE_DECIMALS), context=Context(prec=100)) if is_long else value


def records_csv(
    words: Words, of: Mapping[str, object], columns: Sequence[str], rows: Sequence[read.Row], *, is_cut: bool
) -> Counted:
    """Records as a source delivered them, by the machine's names, `of` before each; the last line counts them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*of, *columns])
    for row in rows:
        writer.writerow([*of.values(), *(safe_cell(row[name], row["currency_code"]) for name in columns)])
    last = words("export.capped", shown=EXPORTED_ROWS) if is_cut else f"{words('export.total')}: {len(rows)}"
    writer.writerow([last, *[""] * (len(of) + len(columns) - 1)])
    return Counted(text.getvalue().encode("utf-8-sig"), len(rows))


def _sums(rows: Iterable[read.Row], names: Sequence[str], currency_code: str, more: Sequence[str] = ()) -> list[object]:
    """The sum of each column that adds up, of amounts in one currency alone; nothing under the others."""
    rows, adding = list(rows), {*read.BUCKETS, *ADDED, *more}
    sums = {name: _sum([row[name] for row in rows], name) for name in names if name in adding}
    return [
        safe_cell(sums[name], currency_code) if name in sums and (currency_code or isinstance(sums[name], int)) else ""
        for name in names
    ]


def _sum(values: Sequence[Any], name: str) -> Decimal | int:
    """Of numbers of things a whole number, also of none."""
    is_count = name == "open_items" or (values and all(isinstance(value, int) for value in values))
    return sum((value or 0 for value in values), 0 if is_count else Decimal(0))
