"""What somebody asks for, compared with what is published: what could not be sent, or is misspelt, is refused now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from cartera.errors import ConfigError, NotPublished
from cartera.reports.build import choices
from cartera.reports.document import Document, Filter
from cartera.reports.exports import Format, paper
from cartera.reports.made import EXPORTED_ROWS, TooLarge, clocks_of, make, reading
from cartera.warehouse import read

MOST_NAMED = 20


def check_values(
    document: Document,
    filters: Iterable[Filter],
    companies: Collection[str] | None,
    *,
    as_of: dt.date | None = None,
    known_at: dt.datetime | None = None,
) -> None:
    """Raises ConfigError where a filter asks for a value that no part has: it would keep nothing, for ever.

    Before the first publication nobody knows.
    """
    try:
        with reading(companies) as connection:
            clocks = clocks_of(read.publication(connection), document, as_of, known_at)
            for each in filters:
                marts = {
                    part.mart: part.declared
                    for part in document.parts
                    if (dimension := part.declared.dimension(each.column)) and dimension.kind == "text"
                }
                known = {
                    value
                    for mart in marts.values()
                    for value in choices(connection, mart, each.column, clocks, each.among)
                }
                strangers = [value for value in each.among if value not in known]
                if marts and strangers:
                    offered = {
                        value for mart in marts.values() for value in choices(connection, mart, each.column, clocks)
                    }
                    raise ConfigError(f"no {each.column} is called {', '.join(strangers)}", _known(offered))
    except NotPublished:
        return


def _known(offered: Collection[str]) -> str:
    named = sorted(filter(None, offered))
    more = f" and {len(named) - MOST_NAMED:,} more" if len(named) > MOST_NAMED else ""
    return f"known are {', '.join(named[:MOST_NAMED])}{more}" if named else "there is none"


def check_size(name: str, document: Document, format: Format, companies: Collection[str] | None) -> None:
    """Raises TooLarge where a file of this kind can't hold it; before the first publication nobody knows."""
    try:
        with reading(companies) as connection:
            counted = make(connection, name, document.model_copy(update={"with_certificate": False}), limit=0)
    except NotPublished:
        return
    if format == "pdf":
        paper.check(counted, name)
    for each in counted.tables:
        if each.row_count > EXPORTED_ROWS:
            raise TooLarge(each.part.title or name, each.row_count, EXPORTED_ROWS)
