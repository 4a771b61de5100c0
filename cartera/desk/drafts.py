"""What somebody is about to record: kept in the database while it is typed, with the action id that the form was opened with.

Not in the URL: a note about a person has no place in a history or a log. Not in the session: it ends with the page. A
draft is there after a reload, on another machine, and after a crash; it goes when it is recorded or thrown away.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from psycopg2.extras import Json

from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.desk.model import Actor
from cartera.warehouse.read import rows

LASTS = dt.timedelta(days=30)


@dataclass(frozen=True)
class Draft:
    """`seen`: the version of the customer's file that the form was drawn with. `fields`: what was typed, as text."""

    action_id: str
    seen: int
    fields: Mapping[str, str]


def opened(actor: Actor, customer_id: str, form: str) -> Draft:
    """The draft of a form; begun when there is none."""
    bound = {
        "person": actor.user, "customer": customer_id, "form": form, "id": str(uuid.uuid4()), "now": utc_now(),
    }  # fmt: skip
    with transaction(Role.desk) as connection:
        found = rows(connection, _FOUND, bound) or rows(connection, _OPEN, bound) or rows(connection, _FOUND, bound)
        return Draft(**found[0])


_FOUND = """
select action_id::text as action_id, seen, fields from ops.desk_drafts
where person = %(person)s and customer_id = %(customer)s and form = %(form)s
"""
_OPEN = """
insert into ops.desk_drafts (person, customer_id, form, action_id, seen, changed_at)
values (%(person)s, %(customer)s, %(form)s, %(id)s::uuid,
    coalesce((select version from ops.desk_files where customer_id = %(customer)s), 0), %(now)s)
on conflict do nothing
returning action_id::text as action_id, seen, fields
"""


def keep(actor: Actor, customer_id: str, form: str, action_id: str, fields: Mapping[str, str]) -> None:
    """What is typed now. A form that was recorded meanwhile is left alone."""
    with transaction(Role.desk) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update ops.desk_drafts set fields = %s, changed_at = %s"
            " where person = %s and customer_id = %s and form = %s and action_id = %s::uuid",
            (Json(dict(fields)), utc_now(), actor.user, customer_id, form, action_id),
        )


def see(actor: Actor, customer_id: str, form: str, action_id: str, version: int) -> None:
    """The person has looked at what others did up to this version, and goes on."""
    with transaction(Role.desk) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update ops.desk_drafts set seen = %s, changed_at = %s"
            " where person = %s and customer_id = %s and form = %s and action_id = %s::uuid",
            (version, utc_now(), actor.user, customer_id, form, action_id),
        )


def drop(actor: Actor, customer_id: str, form: str, action_id: str) -> None:
    """It was recorded, or is not wanted. Drafts that nobody touched for long go with it."""
    with transaction(Role.desk) as connection, connection.cursor() as cursor:
        cursor.execute(
            "delete from ops.desk_drafts where person = %s and customer_id = %s and form = %s and action_id = %s::uuid",
            (actor.user, customer_id, form, action_id),
        )
        cursor.execute(
            "delete from ops.desk_drafts where ctid in ("
            " select ctid from ops.desk_drafts where changed_at < %s limit 100 for update skip locked)",
            (utc_now() - LASTS,),
        )
