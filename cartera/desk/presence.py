"""Two collectors on one customer see each other: a page beats while it is open, two minutes later nobody is there."""

from __future__ import annotations

import datetime as dt

from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.desk.model import Actor, Presence
from cartera.warehouse.read import rows

LASTS = dt.timedelta(minutes=2)
FORGOTTEN = dt.timedelta(days=1)


def here(actor: Actor, customer_id: str) -> None:
    """One beat of an open page."""
    now = utc_now()
    with transaction(Role.desk) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.desk_presence (customer_id, person, seen_at) values (%s, %s, %s)"
            " on conflict (customer_id, person) do update set seen_at = excluded.seen_at",
            (customer_id, actor.user, now),
        )
        # who locks a row here is another page's beat: it is left for the next one
        cursor.execute(
            "delete from ops.desk_presence where ctid in ("
            " select ctid from ops.desk_presence where seen_at < %s limit 100 for update skip locked)",
            (now - FORGOTTEN,),
        )


def others_here(actor: Actor, customer_id: str) -> list[Presence]:
    """Who else has the customer's page open, the last beat first."""
    with transaction(Role.desk) as connection:
        found = rows(
            connection,
            "select person, seen_at from ops.desk_presence"
            " where customer_id = %(id)s and person <> %(me)s and seen_at > %(since)s order by seen_at desc",
            {"id": customer_id, "me": actor.user, "since": utc_now() - LASTS},
        )
    return [Presence(**row) for row in found]
