"""The look right before a hand-over: whether anything has happened since the rules were asked, for next to nothing."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import asdict, dataclass

from psycopg2.extensions import connection as Connection

from cartera.clock import utc_now
from cartera.warehouse.read import Row, rows

FRESH_SECONDS = 60.0
"""An answer older than this is asked for again, whatever has changed: hours end, and days."""


@dataclass(frozen=True)
class Stamp:
    """What was known when the rules were asked: the newest publication, landing and word of a customer about how to
    be reached, how much was recorded at the desk about the customer, and when by our own watch."""

    publication_id: int | None
    load_id: int | None
    preference_id: int | None
    asked_at: float
    desk_actions: int = 0


def stamp_now(connection: Connection) -> Stamp:
    found = rows(
        connection,
        "select (select max(publication_id) from ops.publications) as publication_id,"
        " (select max(load_id) from ops.loads) as load_id,"
        " (select max(preference_id) from ops.contact_preferences) as preference_id",
    )[0]
    return Stamp(found["publication_id"], found["load_id"], found["preference_id"], time.monotonic())


def prepare_looks(connection: Connection) -> None:
    """Plan the look once, on the connection that all of them are made on: one in autocommit."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK)


def still_holds(
    connection: Connection, contact: Row, number: int, stamp: Stamp, hold_day: dt.date, until: dt.datetime | None
) -> bool:
    """Whether nothing has happened since that could change the answer for a contact reserved by us.

    One look, right before the hand-over, on a connection of `prepare_looks`. `hold_day`: holds that last until
    then are in force, as they were for who asked; `until`: when the hours end.
    """
    if time.monotonic() - stamp.asked_at > FRESH_SECONDS or (until and utc_now() >= until):
        return False
    bound = {"number": number, "hold_day": hold_day, **contact, **asdict(stamp)}
    return bool(rows(connection, _LOOKED, bound)[0]["holds"])


_LOOK = """
prepare look (bigint, bigint, uuid, bigint, text, date, bigint, bigint) as
select (select max(publication_id) from ops.publications) is not distinct from $1
    and (select max(load_id) from ops.loads) is not distinct from $2
    and (select max(preference_id) from ops.contact_preferences) is not distinct from $7
    and exists (select 1 from ops.contacts where contact_id = $3 and status = 'reserved' and reserved_by = $4)
    and not exists (
        select 1 from ops.contact_holds
        where customer_id = $5 and released_at is null and (held_until is null or held_until >= $6)
            and kind <> 'vulnerable'
    )
    and coalesce((select actions from ops.desk_files where customer_id = $5), 0) = $8 as holds
"""
_LOOKED = """
execute look (
    %(publication_id)s, %(load_id)s, %(contact_id)s, %(number)s, %(customer_id)s, %(hold_day)s,
    %(preference_id)s, %(desk_actions)s
)
"""
