"""Reports as the page shows them: a cached preview, values to filter by, and files made when they are asked for."""

from __future__ import annotations

import json
from dataclasses import replace

from cartera.reports import build, exports, made
from cartera.reports.document import Document, as_it_opens, parse
from cartera.reports.marts import MARTS
from cartera.reports.wording import Wording
from dashboards.i18n import OF_REPORTS, Words
from dashboards.queries.cache import cached
from dashboards.queries.export import Counted
from dashboards.queries.session import Clocks, Reading, actor

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
def choices(reading: Reading, mart: str, column: str, clocks: Clocks) -> list[str]:
    """The values of a column to filter by; "" where some rows have none."""
    return build.choices(reading.connection, MARTS[mart], column, build.Clocks(clocks.as_of, clocks.known_at))


def file(words: Words, name: str, document: Document, clocks: Clocks, format: exports.Format) -> Counted:
    """Every row that who asks may see, as a file. Raises TooLarge, DatabaseError, NotSignedInError."""
    companies = actor().companies
    whole = made.make_whole(name, document, as_of=clocks.as_of, known_at=clocks.known_at, companies=companies)
    return Counted(exports.export(whole, format, wording(words)).content, whole.row_count)
