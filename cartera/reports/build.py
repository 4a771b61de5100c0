"""From a part of a report to one bound, capped query; its rows, and totals that are their sums."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable, Identifier

from cartera.reports.document import Filter, Part
from cartera.reports.marts import CURRENCY, Dimension, Mart, Measure
from cartera.warehouse import metrics, read
from cartera.warehouse.read import Row

MOST_CHOICES = 500
Totals = dict[str, dict[str, Decimal | int]]
"""By currency ("" where it is not known): the sum of each measure that adds up, and `rows`."""


@dataclass(frozen=True)
class Clocks:
    """As of which day, known at which moment (UTC)."""

    as_of: dt.date
    known_at: dt.datetime


@dataclass(frozen=True)
class Table:
    """The rows of a part. `totals` are of all rows; `rows` may be the first of them, when `is_capped`."""

    part: Part
    rows: Sequence[Row]
    totals: Totals
    is_capped: bool = False

    @property
    def columns(self) -> list[Dimension]:
        """What tells the rows apart."""
        return [_dimension(self.part.declared, name) for name in self.part.columns()]

    @property
    def measures(self) -> list[Measure]:
        return [_measure(self.part.declared, name) for name in self.part.measures]

    @property
    def shown(self) -> list[Dimension | Measure]:
        """All columns in order."""
        return [*self.columns, *self.measures]

    @property
    def row_count(self) -> int:
        return sum(int(each["rows"]) for each in self.totals.values())


def table(connection: Connection, part: Part, clocks: Clocks, limit: int) -> Table:
    """The first `limit` rows and the totals of all. Raises DatabaseError, NotPublished."""
    query, bound = statement(connection, part, clocks)
    found = read.rows(
        connection,
        SQL("{} order by {} limit %(limit)s").format(query, _order(part)),
        bound | {"limit": limit + 1, "buckets": list(read.BUCKETS)},
    )
    adding = [name for name in part.measures if _measure(part.declared, name).adds]
    if len(found) <= limit:
        return Table(part, found, sums(found, adding))
    counted = read.rows(
        connection,
        SQL("select {code}, count(*) as rows{sums} from ({query}) as every group by {code}").format(
            code=Identifier(CURRENCY),
            query=query,
            sums=SQL("").join(SQL(", sum({name}) as {name}").format(name=Identifier(name)) for name in adding),
        ),
        bound,
    )
    totals = {row.pop(CURRENCY) or "": row for row in sorted(counted, key=lambda row: row[CURRENCY] or "")}
    return Table(part, found[:limit], totals, is_capped=True)


def sums(rows: Sequence[Row], adding: Sequence[str]) -> Totals:
    """The totals of rows that are all there."""
    totals: Totals = {}
    for code in sorted({row[CURRENCY] or "" for row in rows}):
        own = [row for row in rows if (row[CURRENCY] or "") == code]
        totals[code] = {name: sum(row[name] or 0 for row in own) for name in adding} | {"rows": len(own)}
    return totals


def statement(
    connection: Connection, part: Part, clocks: Clocks, *, of: Mart | None = None, at: Mapping[str, Any] | None = None
) -> tuple[Composable, dict[str, Any]]:
    """The query without order and limit, and what it binds. Identifiers are those of the declaration alone.

    `of`: another declaration of the same figures; `at`: only where these dimensions have exactly these values.
    """
    mart = of or part.declared
    bound = _bound(clocks)
    wheres: dict[str, list[Composable]] = {"cells": [], "known": []}
    having: list[Composable] = []
    for number, each in enumerate(part.all_filters()):
        dimension = mart.dimension(each.column)
        if dimension is None:
            conditions = _amounts(SQL(_measure(mart, each.column).sql), each, number, bound)
            having += conditions
        else:
            wheres[dimension.of] += _conditions(dimension, each, number, clocks.as_of, bound)
    for number, (column, value) in enumerate((at or {}).items()):
        dimension, name = _dimension(mart, column), f"at_{number}"
        bound[name] = value
        same = SQL("{} is not distinct from {}").format(_column(dimension), SQL(f"%({name})s"))
        wheres[dimension.of].append(same)
    used = [_dimension(mart, name) for name in part.columns()]
    needs_known = bool(wheres["known"]) or any(each.of == "known" for each in used)
    query = SQL(
        "with cells as (select * from ({relation}) as cells where {cells_where})"
        " select {columns}, {measures} from cells {known} where {known_where} group by {group}{having}"
    ).format(
        relation=_relation(connection, mart, clocks),
        cells_where=_all(wheres["cells"]),
        columns=SQL(", ").join(SQL("{} as {}").format(_column(each), Identifier(each.name)) for each in used),
        measures=SQL(", ").join(
            SQL("{} as {}").format(SQL(_measure(mart, name).sql), Identifier(name)) for name in part.measures
        ),
        known=SQL(read.CUSTOMERS_KNOWN if needs_known else ""),
        known_where=_all(wheres["known"]),
        group=SQL(", ").join(_column(each) for each in used),
        having=SQL(" having {}").format(_all(having)) if having else SQL(""),
    )
    return query, bound


def choices(
    connection: Connection, mart: Mart, column: str, clocks: Clocks, among: Sequence[str] | None = None
) -> list[str]:
    """The values of a text dimension to filter by, of all or of some, at most MOST_CHOICES; "" where rows have none."""
    dimension = _dimension(mart, column)
    found = read.rows(
        connection,
        SQL(
            "with cells as ({relation}) select distinct coalesce({column}, '') as choice from cells {known}"
            " where %(among)s::text[] is null or coalesce({column}, '') = any(%(among)s)"
            " order by choice limit %(limit)s"
        ).format(
            relation=_relation(connection, mart, clocks),
            column=_column(dimension),
            known=SQL(read.CUSTOMERS_KNOWN if dimension.of == "known" else ""),
        ),
        _bound(clocks) | {"limit": MOST_CHOICES, "among": None if among is None else list(among)},
    )
    return [row["choice"] for row in found]


def _relation(connection: Connection, mart: Mart, clocks: Clocks) -> Composable:
    at = (connection, clocks.as_of, clocks.known_at)
    made: dict[str, Callable[[Connection, dt.date, dt.datetime], Composable]]
    made = {"items": read.items_at, "cells": read.cells_at, "members": read.segments_at, "kpis": _kpis_at}
    return SQL(mart.relation).format(**{n: make(*at) for n, make in made.items() if "{" + n + "}" in mart.relation})


def _kpis_at(connection: Connection, as_of: dt.date, known_at: dt.datetime) -> Composable:
    served = read.publication(connection)
    is_published = (served.as_of_date, served.known_at) == (as_of, known_at)
    if is_published:
        return SQL("serve.fct_kpis")
    return SQL("serve.kpis(%(as_of)s, %(known_at)s)")


def _bound(clocks: Clocks) -> dict[str, Any]:
    catalogue = metrics.load_catalogue().metrics
    return {
        "as_of": clocks.as_of,
        "known_at": clocks.known_at,
        "kpi_names": [metric.kpi for metric in catalogue],
        "kpi_units": [metric.unit for metric in catalogue],
    }


def _conditions(
    dimension: Dimension, each: Filter, number: int, as_of: dt.date, bound: dict[str, Any]
) -> list[Composable]:
    column, name = _column(dimension), f"filter_{number}"
    if dimension.kind == "number":
        return _amounts(column, each, number, bound)
    if dimension.kind == "date":
        found: list[Composable] = []
        for end, day in zip((">=", "<="), each.days(as_of), strict=True):
            if day is not None:
                key = f"{name}_{'from' if end == '>=' else 'to'}"
                bound[key] = day
                found.append(SQL("{} {} {}").format(column, SQL(end), SQL(f"%({key})s")))
        return found
    bound[name] = [value == "yes" for value in each.among] if dimension.kind == "yes_no" else list(each.among)
    if "" in each.among:
        return [SQL("({column} is null or {column} = any({values}))").format(column=column, values=SQL(f"%({name})s"))]
    return [SQL("{} = any({})").format(column, SQL(f"%({name})s"))]


def _amounts(column: Composable, each: Filter, number: int, bound: dict[str, Any]) -> list[Composable]:
    found: list[Composable] = []
    for key, sign, value in (("least", ">=", each.at_least), ("below", "<", each.below)):
        if value is not None:
            name = f"filter_{number}_{key}"
            bound[name] = value
            found.append(SQL("{} {} {}").format(column, SQL(sign), SQL(f"%({name})s")))
    return found


def _all(conditions: Sequence[Composable]) -> Composable:
    return SQL(" and ").join(conditions) if conditions else SQL("true")


def _order(part: Part) -> Composable:
    """By currency; then what the first columns say, the largest first where there is something to add up."""
    measure = next((m for m in (_measure(part.declared, name) for name in part.measures) if m.kind == "money"), None)
    by: list[Composable] = [SQL("{} nulls last").format(Identifier(CURRENCY))]
    if part.columns()[:1] == ("bucket",):
        by.append(SQL("array_position(%(buckets)s::text[], bucket)"))
    elif measure and not any(name.endswith(("_month", "_date")) for name in part.columns()[:1]):
        by.append(SQL("{} desc nulls last").format(Identifier(measure.name)))
    by += [_by(name) for name in part.columns()]
    return SQL(", ").join(by)


def _by(name: str) -> Composable:
    # the catalogue goes from what is asked first to what is asked last
    ranked = SQL("array_position(%(kpi_names)s::text[], kpi)") if name == "kpi" else Identifier(name)
    return SQL("{} nulls last").format(ranked)


def _column(dimension: Dimension) -> Composable:
    return Identifier(dimension.of, dimension.name)


def _dimension(mart: Mart, name: str) -> Dimension:
    return next(each for each in mart.dimensions if each.name == name)


def _measure(mart: Mart, name: str) -> Measure:
    return next(each for each in mart.measures if each.name == name)


def amounts_by_currency(totals: Totals) -> Mapping[str, Mapping[str, str]]:
    """Totals as plain text, to be kept."""
    return {code: {name: f"{value:f}" for name, value in each.items()} for code, each in totals.items()}
