"""What somebody is about to record: kept in the database while it is typed, with the form's action id.

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
    """`seen`: the version of the customer's file that the form was drawn with. `fields`: what was typed, as text.

    `recorded_at`: when something else was recorded under the same action id, in another window say.
    """

    action_id: str
    seen: int
    fields: Mapping[str, str]
    recorded_at: dt.datetime | None = None


def found(actor: Actor, customer_id: str, form: str) -> Draft | None:
    """The draft of a form, if anything was typed that is not recorded yet."""
    bound = {"person": actor.user, "customer": customer_id, "form": form}
    with transaction(Role.desk) as connection:
        kept = rows(connection, _FOUND, bound)
    if not kept:
        return None
    if kept[0].pop("is_done"):
        # killed between recording it and this
        drop(actor, customer_id, form, kept[0]["action_id"])
        return None
    return Draft(**kept[0])


def begun(customer_id: str) -> Draft:
    """A form that opens empty; nothing is written before something is typed."""
    with transaction(Role.desk) as connection:
        file = rows(connection, "select version from ops.desk_files where customer_id = %(id)s", {"id": customer_id})
    return Draft(str(uuid.uuid4()), file[0]["version"] if file else 0, {})


_FOUND = """
select d.action_id::text as action_id, d.seen, d.fields, a.acted_at as recorded_at,
    coalesce(d.changed_at <= a.acted_at, false) as is_done
from ops.desk_drafts as d
left join ops.desk_actions as a using (action_id)
where d.person = %(person)s and d.customer_id = %(customer)s and d.form = %(form)s
"""


def keep(actor: Actor, customer_id: str, form: str, draft: Draft, fields: Mapping[str, str]) -> None:
    """What is typed now. Of one person in two windows the last one typed in is kept."""
    bound = {
        "person": actor.user, "customer": customer_id, "form": form, "id": draft.action_id, "seen": draft.seen,
        "fields": Json(dict(fields)), "now": utc_now(),
    }  # fmt: skip
    with transaction(Role.desk) as connection:
        rows(connection, _KEEP, bound)


_KEEP = """
insert into ops.desk_drafts as d (person, customer_id, form, action_id, seen, fields, changed_at)
values (%(person)s, %(customer)s, %(form)s, %(id)s::uuid, %(seen)s, %(fields)s, %(now)s)
on conflict (person, customer_id, form) do update
set action_id = excluded.action_id, seen = excluded.seen, fields = excluded.fields, changed_at = excluded.changed_at
returning action_id
"""


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
