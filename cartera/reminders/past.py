"""What planning would have read at the end of a past day: the two clocks of that day, and what was known of sources."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from psycopg2.extensions import connection as Connection

from cartera.reminders import portfolio
from cartera.reminders.model import Standing
from cartera.warehouse import read
from cartera.warehouse.read import Publication


def known_first(connection: Connection) -> dt.datetime:
    """The moment that the first publication knew of: nobody could have planned with less."""
    found = read.rows(connection, "select min(known_at) as known_at from ops.publications")
    moment: dt.datetime = found[0]["known_at"]
    return moment


def end_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=dt.UTC) - dt.timedelta(microseconds=1)


def known_at(day: dt.date, published: Publication, first: dt.datetime) -> dt.datetime:
    """The end of the day; never before anything was known, nor after what is published knows."""
    return min(max(end_of(day), first), published.known_at)


def standing_at(connection: Connection, published: Publication, day: dt.date, moment: dt.datetime) -> Standing:
    """As `portfolio.standing`, with the sources as they stood at that moment.

    The certificate is that of what is published: the past is replayed from its ledger. A day that lies before the
    first landing is replayed with what that landing brought, so its sources count as read on the day.
    """
    found = read.rows(connection, _READ, {"moment": moment})
    is_later = moment.date() > day
    landed = {row["source"]: day if is_later else row["landed_on"] for row in found}
    stopped = read.rows(connection, _STOPPED, {"moment": moment})
    return replace(
        portfolio.standing(connection, published),
        landed_on=landed,
        asked_on=None,
        stopped=frozenset(row["source"] for row in stopped),
    )


# a source that is read and has no news leaves no load: the run's step tells of it
_READ = """
select source, (max(read_at) at time zone 'UTC')::date as landed_on from (
    select source, recorded_at as read_at from ops.loads
    union all select source, recorded_at from ops.cursors
    union all select substr(step, 6), started_at from ops.run_steps
    where step like 'land %%' and status not in ('failed', 'stopped')
) as readings where read_at <= %(moment)s group by source
"""
_STOPPED = """
select distinct source from (
    select distinct on (step) substr(step, strpos(step, ' ') + 1) as source, status from ops.run_steps
    where (step like 'land %%' or step like 'control %%') and started_at <= %(moment)s
    order by step, started_at desc, ordinal desc
) as attempts where status in ('failed', 'stopped')
"""
