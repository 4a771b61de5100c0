"""A whole report, made: its parts with rows and totals, the certificate, and what it states about itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from psycopg2.extensions import connection as Connection

from cartera.errors import CarteraError
from cartera.reports.build import Clocks, Table, table
from cartera.reports.document import Document
from cartera.warehouse import read, read_runs, scope, tie_out

EXPORTED_ROWS = 200_000
STATEMENT_TIMEOUT = "60s"


class TooLarge(CarteraError):
    """More rows than a file may hold: a part of a report that looks whole is worse than none."""

    def __init__(self, title: str, rows: int, most: int) -> None:
        super().__init__(
            f"{title}: {rows:,} rows, a file of this kind holds at most {most:,}",
            "narrow the filters, or leave out a column that tells the rows apart",
        )


@dataclass(frozen=True)
class Certificate:
    """Whether buckets, open items, ledger and source agree. `run_id` None: compared when the report was made."""

    lines: Sequence[read.Row]
    run_id: str | None
    issued_at: dt.datetime | None


@dataclass(frozen=True)
class Made:
    """`published_at`: of the set that the figures come from."""

    name: str
    document: Document
    clocks: Clocks
    published_at: dt.datetime
    tables: tuple[Table, ...]
    certificate: Certificate | None = None

    @property
    def row_count(self) -> int:
        return sum(each.row_count for each in self.tables)


def reading(companies: Collection[str] | None = None) -> AbstractContextManager[Connection]:
    """A transaction in which all figures come from one publication, of these companies; None: of all."""
    return scope.reading(companies, statement_timeout=STATEMENT_TIMEOUT)


def make(
    connection: Connection,
    name: str,
    document: Document,
    *,
    as_of: dt.date | None = None,
    known_at: dt.datetime | None = None,
    limit: int = EXPORTED_ROWS,
) -> Made:
    """All parts as of a date, as known at a moment: those of the document and the publication unless said.

    Parts of more rows than `limit` are capped. Raises NotPublished, DatabaseError.
    """
    published = read.publication(connection)
    clocks = clocks_of(published, document, as_of, known_at)
    tables = tuple(table(connection, part, clocks, limit) for part in document.parts)
    certificate = _certificate(connection, published, clocks) if document.with_certificate else None
    return Made(name, document, clocks, published.published_at, tables, certificate)


def clocks_of(
    published: read.Publication, document: Document, as_of: dt.date | None, known_at: dt.datetime | None
) -> Clocks:
    return Clocks(as_of or document.as_of_date(published.as_of_date), known_at or published.known_at)


def make_whole(
    name: str,
    document: Document,
    *,
    as_of: dt.date | None = None,
    known_at: dt.datetime | None = None,
    companies: Collection[str] | None = None,
) -> Made:
    """As `make` in a transaction of its own, for a file: every row of these companies (None: of all), or TooLarge."""
    with reading(companies) as connection:
        made = make(connection, name, document, as_of=as_of, known_at=known_at)
    for each in made.tables:
        if each.is_capped:
            raise TooLarge(each.part.title or name, each.row_count, EXPORTED_ROWS)
    return made


def _certificate(connection: Connection, published: read.Publication, clocks: Clocks) -> Certificate:
    if clocks == Clocks(published.as_of_date, published.known_at):
        lines = read_runs.certificate(connection, published.run_id)
        return Certificate(lines, published.run_id, lines[0]["issued_at"] if lines else None)
    compared = tie_out.compare(connection, tie_out.served(connection, clocks.as_of, clocks.known_at))
    return Certificate([vars(line) | {"is_tied": line.is_tied} for line in compared], None, None)
