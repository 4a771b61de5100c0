"""The first records of a system, seen in our words before anything is connected: the system's own staging model, run
over a sample in temporary tables that are gone with the transaction.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import RealDictCursor
from psycopg2.sql import SQL, Identifier, Literal

from cartera.clock import utc_now
from cartera.connectors.api import jsons
from cartera.connectors.api.spec import ApiSource
from cartera.connectors.api.system import Page, Resource, dig
from cartera.connectors.api.typed import Typer
from cartera.db import Role, connect
from cartera.errors import SourceError
from cartera.landing.delivery import Reject
from cartera.landing.encode import encode
from cartera.landing.tables import Tables

_OF_RAW = re.compile(r'(?:"[^"]+"\.)?"raw_\w+"\.')
_OF_STAGING = re.compile(r'(?:"[^"]+"\.)?"\w*staging\w*"\."(\w+)"')
SAMPLED = 50
MOST_PAGES = 50
"""So many are looked through for records: the first spans of time, or the first files, may hold none."""
SHOWN = 5


@dataclass
class Sample:
    """Some records of one table: how many it has, as the system says or because these are all (None: more, nobody says
    how many), and those that were bad."""

    resource: Resource
    count: int | None
    lines: list[bytes]
    rejects: list[Reject] = field(default_factory=list)
    companies: set[str] = field(default_factory=set)


def take(source: ApiSource, session: Any) -> list[Sample]:
    """The beginning of every table. Raises SourceError."""
    system = source.declared
    samples = []
    for resource in source.resources:
        records, is_all = _beginning(system.pages(session, resource, None))
        try:
            lines = [jsons.encode(record) for record in records]
        except jsons.BadJson as error:
            raise SourceError(
                f"{source.name}, {resource.name}: a record holds broken text: {error}", "correct it in the system"
            ) from None
        all_there = len({resource.key_of(record) for record in records}) if is_all else None
        count = system.count(session, resource) if system.count else all_there
        companies = {str(theirs) for record in records if resource.company and (theirs := _company(resource, record))}
        samples.append(Sample(resource, count, lines, [], companies))
    return samples


def _beginning(pages: Iterator[Page]) -> tuple[list[dict[str, Any]], bool]:
    """The first records, and whether there are no others."""
    records: list[dict[str, Any]] = []
    for page in islice(pages, MOST_PAGES):
        records += page.records
        if len(records) > SAMPLED:
            return records[:SAMPLED], False
    return records, next(pages, None) is None


def _company(resource: Resource, record: dict[str, Any]) -> Any:
    try:
        return dig(resource.prepare(record) if resource.prepare else record, resource.company)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return None  # typing will say what is wrong with it


def mapped(
    source: ApiSource, samples: list[Sample], compiled: Callable[[str], str], model: str
) -> list[dict[str, Any]]:
    """The first rows of a staging model over the samples; `compiled` gives the SQL of a model."""
    now = utc_now()  # one for all tables, as a landing has: versions of two tables meet
    connection = connect(Role.transformer, application_name="cartera connect")
    try:
        with connection.cursor(cursor_factory=RealDictCursor) as cursor:
            taken = {sample.resource.name for sample in samples}
            left_out = [Sample(one, None, []) for one in source.declared.resources if one.name not in taken]
            for sample in (*samples, *left_out):
                _fill(cursor, source, sample, now)
            sql = _over_samples(cursor, compiled, model, set())
            cursor.execute(SQL("select * from ({}) as staged order by 1 limit {}").format(SQL(sql), Literal(SHOWN)))
            return [dict(row) for row in cursor]
    finally:
        connection.rollback()
        connection.close()


def _over_samples(cursor: Cursor, compiled: Callable[[str], str], model: str, made: set[str]) -> str:
    """The SQL of a model over the tables of the sample. The models that it is made of become views beside them."""
    sql = _OF_RAW.sub("pg_temp.", compiled(model))
    for name in sorted({found[1] for found in _OF_STAGING.finditer(sql)}):
        if name in made:
            continue
        made.add(name)
        inner = _over_samples(cursor, compiled, name, made)
        cursor.execute(SQL("create temporary view {} as {}").format(Identifier(name), SQL(inner)))
    return _OF_STAGING.sub(r'pg_temp."\1"', sql)


def _fill(cursor: Cursor, source: ApiSource, sample: Sample, now: dt.datetime) -> None:
    entity = sample.resource.entity
    typer = Typer(sample.resource, source.our_company)
    batch = typer.batch(range(1, len(sample.lines) + 1), sample.lines, entity.name)
    sample.rejects += batch.rejects
    tables = Tables(source.system, entity)
    cursor.execute(
        tables.sql(
            "create temporary table {table} (batch_number int, record_hash text, row_number bigint, {stage_columns},"
            " source text not null default {source}, record_key text,"
            " recorded_from timestamptz not null default {now}, is_deleted boolean not null default false,"
            " recorded_to timestamptz not null default '9999-12-31 00:00:00+00') on commit drop",
            table=Identifier(entity.name),
            source=Literal(source.name),
            now=Literal(now),
        )
    )
    cursor.copy_expert(
        tables.sql(
            "copy {table} (batch_number, record_hash, row_number, {values}) from stdin with (format csv)",
            table=Identifier(entity.name),
        ),
        io.BytesIO(encode(entity, batch.rows, 0)),
    )
    cursor.execute(tables.sql("update {table} set record_key = {key}", table=Identifier(entity.name)))
