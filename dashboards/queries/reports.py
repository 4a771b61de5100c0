"""Reports as the page shows them: a cached preview, values to filter by, and files made when they are asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cartera.reports import build, exports, made
from cartera.reports.document import Document, parse
from cartera.reports.marts import MARTS
from cartera.reports.wording import Language, Wording
from dashboards.i18n import Words
from dashboards.queries.cache import cached
from dashboards.queries.export import Counted
from dashboards.queries.session import Clocks, Reading, actor

LISTED_ROWS = 500


def wording(words: Words) -> Wording:
    languages: Mapping[str, Language] = {"EN": "en", "ES": "es", "PT": "pt"}
    return Wording(languages[words.language])


def preview(reading: Reading, name: str, document: Document, clocks: Clocks) -> made.Made:
    """The first rows of each part, and totals of all."""
    return _preview(reading, name, document.model_dump_json(), clocks)


@cached
def _preview(reading: Reading, name: str, document: str, clocks: Clocks) -> made.Made:
    return made.make(
        reading.connection,
        name,
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
