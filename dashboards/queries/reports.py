"""Reports as the page shows them: a cached preview, values to filter by, and files made when they are asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pandas as pd

from cartera.reports import behind, build, exports, made
from cartera.reports.behind import Place
from cartera.reports.document import Document, Part, as_it_opens, parse
from cartera.reports.marts import CURRENCY, MARTS
from cartera.reports.wording import Wording
from dashboards.i18n import OF_REPORTS, Words
from dashboards.queries.cache import cached
from dashboards.queries.export import Counted, to_csv
from dashboards.queries.receivables import EXPORTED_ROWS as MOST_IN_CSV
from dashboards.queries.receivables import LISTED_ITEMS, frame
from dashboards.queries.session import Clocks, Reading, actor
from dashboards.queries.session import reading as opening_one

LISTED_ROWS = 500
OPENING = "aging"
"""The mart that a new report begins with."""


def wording(words: Words) -> Wording:
    return Wording(OF_REPORTS[words.language])


def opening() -> Document:
    """What the page shows as it opens."""
    return Document(parts=(as_it_opens(OPENING),))


def preview(reading: Reading, name: str, document: Document, clocks: Clocks) -> made.Made:
    """The first rows of each part, and totals of all."""
    return replace(_preview(reading, document.model_dump_json(), clocks), name=name)


@cached
def _preview(reading: Reading, document: str, clocks: Clocks) -> made.Made:
    """Whatever it is called: that differs by language."""
    return made.make(
        reading.connection,
        "",
        parse(json.loads(document)),
        as_of=clocks.as_of,
        known_at=clocks.known_at,
        limit=LISTED_ROWS,
    )


@cached
def choices(
    reading: Reading, mart: str, column: str, clocks: Clocks, among: tuple[str, ...] | None = None
) -> list[str]:
    """The first values of a column to filter by, or those of `among` that rows have; "" where some rows have none."""
    return build.choices(reading.connection, MARTS[mart], column, build.Clocks(clocks.as_of, clocks.known_at), among)


def file(words: Words, name: str, document: Document, clocks: Clocks, format: exports.Format) -> Counted:
    """Every row that who asks may see, as a file. Raises TooLarge, DatabaseError, NotSignedInError."""
    companies = actor().companies
    whole = made.make_whole(name, document, as_of=clocks.as_of, known_at=clocks.known_at, companies=companies)
    return Counted(exports.export(whole, format, wording(words)).content, whole.row_count)


def documents(reading: Reading, place: Place, clocks: Clocks) -> pd.DataFrame:
    """The largest documents behind a row or total, with `rows` and total_<measure> of them all."""
    return _documents(reading, place.part.model_dump_json(), place.values, place.measure, clocks)


@cached
def _documents(
    reading: Reading, part: str, values: tuple[tuple[str, Any], ...], measure: str | None, clocks: Clocks
) -> pd.DataFrame:
    place = Place(Part.model_validate_json(part), values, measure)
    rows = behind.documents(reading.connection, place, build.Clocks(clocks.as_of, clocks.known_at), LISTED_ITEMS)
    totals = [f"total_{each.name}" for each in place.measures]
    return frame([_linked(row) for row in rows], [*LINKED, *_columns(place), "rows", *totals])


LINKED = ("invoice_id", "item_id", "document_number")
"""What leads from a row to its document."""


def _linked(row: dict[str, Any]) -> dict[str, Any]:
    found = dict.fromkeys(LINKED) | row
    if row.get("payment_id"):
        found["item_id"] = f"payment:{row['payment_id']}"
    return found | {"document_number": found["document_number"] or found["invoice_id"]}


def _columns(place: Place) -> list[str]:
    finest = place.mart.documents
    shown = finest.shown if finest else ()
    return [*(name for name in shown if name not in LINKED), *(each.name for each in place.measures)]


def documents_csv(words: Words, place: Place, clocks: Clocks, title: str) -> bytes:
    """Each with what it was asked for, `title` and the filters of the report, and the sums of all below.

    Raises DatabaseError, NotSignedInError.
    """
    said, at = wording(words), build.Clocks(clocks.as_of, clocks.known_at)
    with opening_one() as opened:
        rows = behind.documents(opened.connection, place, at, MOST_IN_CSV + 1)
    finest, counts = place.mart.documents, [each.name for each in place.measures if each.kind == "number"]
    names = [*(finest.shown if finest else ()), *(each.name for each in place.measures)]
    rows = [
        {name: int(row[name] or 0) if name in counts else said.value(name, row[name]) for name in names} for row in rows
    ]
    code = str(dict(place.values).get(CURRENCY) or "")
    narrowed = [title, *([said.filters(place.part, clocks.as_of)] if place.part.all_filters() else [])]
    return to_csv(
        rows, {name: said.column(name) for name in names}, words, clocks, code,
        [each.name for each in place.measures], narrowed, is_plain=True,
    )  # fmt: skip
