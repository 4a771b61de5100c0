"""What people promised and disputed at the desk, landed in versions like any source: the built-in source `desk`.

It is read from our own database, by the loader: no address, no secret, no pages and no cursor, so it is a delivery like
the rules of links and not a system of the connector API. It lands when the warehouse is built, in the moment of that
landing: a promise recorded on Monday and landed on Tuesday is known from Tuesday on, so that no figure that was
published in between changes (law 4). What is withdrawn is gone from the next delivery, and its version ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

    from cartera.landing import Delivery

SOURCE = "desk"


def has_any(connection: Connection) -> bool:
    """Whether anything that lands was ever recorded."""
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from ops.desk_promises) or exists (select from ops.desk_disputes)")
        ((found,),) = cursor.fetchall()
    return bool(found)


def deliveries(connection: Connection) -> list[Delivery]:
    """Promises and disputes as they stand now."""
    from cartera.connectors.desk.records import deliveries

    return deliveries(connection)


__all__ = ["SOURCE", "deliveries", "has_any"]
