"""What each person took out or had e-mailed, whose data they looked at, what they replayed: a log that only grows."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Literal

from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.warehouse.read import Row, rows

Kind = Literal["export", "customer", "quarantine", "replay", "load"]
COLUMNS = ("viewed_at", "viewed_by", "role", "kind", "subject", "filters", "row_count")


def record(
    viewed_by: str, role: str, kind: Kind, subject: str, filters: Mapping[str, str], row_count: int | None = None
) -> None:
    """One line. It is there before what it tells of is shown or done: raises DatabaseError, and then nothing is.

    So a line of a replay may be of one that was cut before its end, and then changed nothing.
    """
    with transaction(Role.campaign) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.views_logged (viewed_at, viewed_by, role, kind, subject, filters, row_count)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            (utc_now(), viewed_by, role, kind, subject, json.dumps(dict(filters)), row_count),
        )


def listed(
    *, since: dt.datetime | None = None, viewed_by: str | None = None, subject: str | None = None, limit: int = 1000
) -> list[Row]:
    """COLUMNS, the newest first."""
    with transaction(Role.campaign) as connection:
        return rows(
            connection,
            "select viewed_at, viewed_by, role, kind, subject, filters, row_count from ops.views_logged"
            " where (%(since)s::timestamptz is null or viewed_at >= %(since)s)"
            " and (%(by)s::text is null or lower(viewed_by) = lower(%(by)s))"
            " and (%(subject)s::text is null or subject = %(subject)s)"
            " order by view_id desc limit %(limit)s",
            {"since": since, "by": viewed_by, "subject": subject, "limit": limit},
        )
