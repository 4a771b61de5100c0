"""Everything that was recorded about a customer: as it is now, and how it came to be so."""

from __future__ import annotations

from psycopg2.extensions import connection as Connection
from pydantic import TypeAdapter

from cartera.desk.disputes import DISPUTES, as_dispute
from cartera.desk.holds import HOLDS, as_hold
from cartera.desk.journal import actions_of
from cartera.desk.model import Action, CallRecorded, CustomerFile, Note, Repair, Wish
from cartera.desk.plans import PLANS, as_plan
from cartera.desk.promises import PROMISES, as_promise
from cartera.warehouse.read import rows

MOST_ACTIONS = 500
_CALL, _NOTE = TypeAdapter(CallRecorded), TypeAdapter(Note)
_REPAIR, _WISH = TypeAdapter(Repair), TypeAdapter(Wish)


def file_of(connection: Connection, customer_id: str, *, limit: int = MOST_ACTIONS) -> CustomerFile:
    """On a connection of role desk, campaign or reader. `limit`: of the journal, and so of what stands in it alone."""
    bound = {"id": customer_id}
    version = rows(connection, "select version from ops.desk_files where customer_id = %(id)s", bound)
    actions = actions_of(connection, customer_id, limit)
    return CustomerFile(
        customer_id=customer_id,
        version=version[0]["version"] if version else 0,
        calls=tuple(_CALL.validate_python(each.after) for each in _of("call", actions)),
        promises=tuple(map(as_promise, rows(connection, PROMISES + " order by at desc, promised_date", bound))),
        plans=tuple(map(as_plan, rows(connection, PLANS + " order by at desc", bound))),
        disputes=tuple(map(as_dispute, rows(connection, DISPUTES + " order by at desc", bound))),
        notes=tuple(_NOTE.validate_python(each.after) for each in _of("note", actions)),
        holds=tuple(map(as_hold, rows(connection, HOLDS + " order by held_at desc", bound))),
        repairs=tuple(_REPAIR.validate_python(each.after) for each in _of("repair", actions)),
        wishes=tuple(_WISH.validate_python(each.after) for each in _of("wish", actions)),
        actions=tuple(actions),
    )


def _of(thing: str, actions: list[Action]) -> list[Action]:
    return [each for each in actions if each.thing == thing]
