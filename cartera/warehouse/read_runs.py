"""Typed reads of what the runs did: `ops.runs`, steps, checks, certificates, loads. For status and data health."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL

from cartera.landing.own_sources import OWN_SOURCES
from cartera.warehouse.read import Row, rows


def runs(connection: Connection, limit: int = 20) -> list[Row]:
    """The last runs, newest first: run_id, as_of_date, known_at, started_at, finished_at, status,
    triggered_by, message."""
    return rows(
        connection,
        "select run_id::text as run_id, as_of_date, known_at, started_at, finished_at, status, triggered_by, message"
        " from ops.runs order by started_at desc limit %(limit)s",
        {"limit": limit},
    )


def newest_run(connection: Connection) -> Row | None:
    """The last run without its message, which may speak of any company: run_id, as_of_date, known_at, started_at,
    status."""
    found = rows(
        connection,
        "select run_id::text as run_id, as_of_date, known_at, started_at, status"
        " from ops.runs order by started_at desc limit 1",
    )
    return found[0] if found else None


def run_message(connection: Connection, run_id: str) -> str | None:
    """What ended a run."""
    found = rows(connection, "select message from ops.runs where run_id = %(run_id)s", {"run_id": run_id})
    return found[0]["message"] if found else None


def run_steps(connection: Connection, run_id: str) -> list[Row]:
    """The steps of a run in order: step, status, started_at, seconds, rows_in, rows_out, rows_quarantined,
    amounts (currency_code to decimal string), message."""
    return rows(
        connection,
        "select ordinal, step, status, started_at, seconds, rows_in, rows_out, rows_quarantined, amounts, message"
        " from ops.run_steps where run_id = %(run_id)s order by ordinal",
        {"run_id": run_id},
    )


def check_results(connection: Connection, run_id: str, *, limit: int = 1000) -> list[Row]:
    """The checks of a run, failed and critical ones first: gate, subject, check_name, severity, passed,
    observed, message."""
    return rows(
        connection,
        "select gate, subject, check_name, severity, passed, observed, message from ops.check_results"
        " where run_id = %(run_id)s order by passed, severity, gate, subject, check_name limit %(limit)s",
        {"run_id": run_id, "limit": limit},
    )


def failed_checks(connection: Connection, run_ids: Sequence[str]) -> list[Row]:
    """Those that did not pass: run_id, gate, subject, check_name, severity, message."""
    return rows(
        connection,
        "select run_id::text as run_id, gate, subject, check_name, severity, message from ops.check_results"
        " where run_id = any(%(run_ids)s::uuid[]) and not passed order by run_id, severity, gate, subject, check_name",
        {"run_ids": list(run_ids)},
    )


def certificate(connection: Connection, run_id: str) -> list[Row]:
    """The tie-out lines of a run, one per company_id and currency_code; empty when none was issued."""
    return rows(
        connection,
        "select company_id, currency_code, buckets_amount, open_items_amount, ledger_amount, unapplied_amount,"
        " source_control_amount, controlled_ledger_amount, lines.is_tied, certificates.issued_at"
        " from ops.certificate_lines as lines join ops.certificates as certificates using (run_id)"
        " where run_id = %(run_id)s order by company_id, currency_code",
        {"run_id": run_id},
    )


def latest_loads(connection: Connection) -> list[Row]:
    """The last delivery of each source and entity: load_id, kind, recorded_at, rows_in, rows_loaded, rows_quarantined,
    rows_new, rows_changed, rows_unchanged, rows_deleted, amounts, files."""
    return rows(
        connection,
        "select distinct on (source, entity) load_id, source, entity, kind, recorded_at, rows_in, rows_loaded,"
        " rows_quarantined, rows_new, rows_changed, rows_unchanged, rows_deleted, amounts, files"
        " from ops.loads order by source, entity, load_id desc",
    )


def loads_of_run(connection: Connection, run_id: str) -> dict[tuple[str, str], int]:
    """The load of each source and entity that landed within a run; where several did, none of them is meant."""
    found = rows(
        connection,
        "select source, entity, max(load_id) as load_id from ops.loads"
        " join ops.runs on recorded_at between started_at and coalesce(finished_at, 'infinity')"
        " where run_id = %(run_id)s and kind <> 'replay' group by source, entity having count(*) = 1",
        {"run_id": run_id},
    )
    return {(row["source"], row["entity"]): row["load_id"] for row in found}


def stopped_sources(connection: Connection, *, with_message: bool = True) -> list[Row]:
    """Sources whose last landing failed or whose control total did not tie, so that their figures stand still: source,
    stopped_at, message (may speak of any company), and read_at, when they were last read well (null: never)."""
    query = SQL(
        "with attempts as ("
        " select distinct on (step) substr(step, strpos(step, ' ') + 1) as source, status, started_at as stopped_at,"
        " {message} from ops.run_steps where step like 'land %%' or step like 'control %%'"
        " order by step, started_at desc, ordinal desc"
        "), good as ("
        " select source, max(recorded_at) as read_at from ("
        " select source, recorded_at from ops.loads where kind <> 'replay'"
        " union all select source, recorded_at from ops.cursors"
        " ) as readings group by source"
        ") select distinct on (source) source, stopped_at, message, read_at from attempts left join good using (source)"
        " where status in ('failed', 'stopped') order by source, stopped_at desc"
    )
    return rows(connection, query.format(message=SQL("message" if with_message else "null as message")))


def sources_read(connection: Connection) -> list[Row]:
    """When each source that is connected brought something last: source, read_at. A replay brings nothing new."""
    return rows(
        connection,
        "select source, max(recorded_at) as read_at from (select source, recorded_at from ops.loads"
        " where kind <> 'replay' union all select source, recorded_at from ops.cursors) as readings"
        " where source <> all(%(own)s) group by source order by source",
        {"own": list(OWN_SOURCES)},
    )


def sources_not_read_since(connection: Connection, moment: dt.datetime) -> list[str]:
    """Sources that were read before, and not since that moment, by name."""
    return [row["source"] for row in sources_read(connection) if row["read_at"] < moment]


def runs_at(connection: Connection, moments: Sequence[dt.datetime]) -> dict[dt.datetime, dt.datetime]:
    """For each moment that lies in a run, when that began."""
    found = rows(
        connection,
        "select moment, max(started_at) as started_at from unnest(%(moments)s::timestamptz[]) as moments (moment)"
        " join ops.runs on started_at <= moment and (finished_at is null or finished_at >= moment) group by moment",
        {"moments": list(moments)},
    )
    return {row["moment"]: row["started_at"] for row in found}
