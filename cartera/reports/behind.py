"""From a row of a report, or from a total, to the documents that it adds up: the same expressions over finer rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable, Identifier

from cartera.reports.build import Clocks, statement
from cartera.reports.document import Filter, Part
from cartera.reports.marts import Mart, Measure
from cartera.warehouse import read
from cartera.warehouse.read import Row


@dataclass(frozen=True)
class Place:
    """A row of a part: the value of each column that tells it apart, None where it has none.

    A total has the currency alone. `measure`: only of documents that add something to it.
    """

    part: Part
    values: tuple[tuple[str, Any], ...]
    measure: str | None = None

    @property
    def mart(self) -> Mart:
        return self.part.declared

    @property
    def measures(self) -> list[Measure]:
        """Those that documents add up to; others, such as a number of different customers, are no sums."""
        names = [self.measure] if self.measure else self.part.measures
        return [each for name in names if (each := self.mart.measure(name)) and each.adds]

    @property
    def is_total(self) -> bool:
        return len(self.values) < len(self.part.columns())


def narrowed_by_figures(part: Part) -> tuple[Filter, ...]:
    """Filters that keep or drop whole rows of the report by what they come to; of a single document they say nothing.

    A total of such a report is the sum of the rows that were kept, not of all documents.
    """
    return tuple(each for each in part.filters if part.declared.measure(each.column))


def documents(connection: Connection, place: Place, clocks: Clocks, limit: int) -> list[Row]:
    """The largest first, at most `limit`; each with `rows` and total_<measure> of them all. Raises DatabaseError."""
    finest, measures = place.mart.documents, place.measures
    if finest is None or not measures:
        return []
    by_figures = narrowed_by_figures(place.part)
    part = place.part.model_copy(
        update={
            "dimensions": finest.shown,
            "measures": tuple(each.name for each in measures),
            "filters": tuple(each for each in place.part.filters if each not in by_figures),
        }
    )
    query, bound = statement(connection, part, clocks, of=place.mart.by_document(), at=dict(place.values))
    first = Identifier(measures[0].name)
    only: Composable = SQL("")
    if place.measure and measures[0].kind == "money":
        only = SQL(" where {} <> 0").format(first)
    return read.rows(
        connection,
        SQL(
            "select *, count(*) over () as rows{totals} from ({query}) as every{only}"
            " order by abs({first}) desc nulls last, {key} limit %(limit)s"
        ).format(
            totals=SQL("").join(
                SQL(", coalesce(sum({}) over (), 0) as {}").format(
                    Identifier(each.name), Identifier(f"total_{each.name}")
                )
                for each in measures
            ),
            query=query,
            only=only,
            first=first,
            key=Identifier(finest.key),
        ),
        bound | {"limit": limit},
    )


def place_of(part: Part, row: Mapping[str, Any], measure: str | None = None) -> Place:
    """Of a row of the part, as it came from the database."""
    return Place(part, tuple((name, row[name]) for name in part.columns()), measure)
