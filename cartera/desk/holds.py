"""Holds: a customer is left in peace, for a reason that has a kind; one open hold of each kind."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from cartera.desk import checked
from cartera.desk.journal import Asked, Desk, Done, act, require_seen
from cartera.desk.model import HOLD_KINDS, Actor, Hold, HoldKind
from cartera.desk.rights import may_release
from cartera.errors import ConfigError, NotAllowed
from cartera.warehouse.read import Row, rows


def hold(
    actor: Actor,
    action_id: str,
    customer_id: str,
    kind: HoldKind,
    *,
    until: dt.date | None = None,
    note: str = "",
    seen: int | None = None,
) -> Hold:
    """Write nothing to a customer until a day, or until released. Held as vulnerable it goes to a person instead.

    `seen`: the version of the customer's file. Raises NotAllowed, Conflict, ConfigError.
    """
    if kind not in HOLD_KINDS:
        raise ConfigError(f"{kind!r} is no kind of hold", f"one of {', '.join(HOLD_KINDS)}")
    note = checked.words(note, "note")
    asked = Asked(actor, action_id, "hold", customer_id, {"kind": kind, "until": until, "note": note}, None, seen)
    return act(asked, Hold, lambda desk: _hold(desk, kind, until, note))


def _hold(desk: Desk, kind: HoldKind, until: dt.date | None, note: str) -> Done[Hold]:
    if until is not None and until < desk.day:
        raise ConfigError(f"{until} is past: today is {desk.day}", "write the last day of the hold")
    rows(desk.connection, _END_EXPIRED, {"id": desk.asked.customer_id, "kind": kind, "day": desk.day, "at": desk.at})
    bound = {
        "id": desk.asked.customer_id, "kind": kind, "until": until, "note": note, "by": desk.by, "at": desk.at,
    }  # fmt: skip
    found = rows(desk.connection, _ADD, bound)
    if not found:
        raise ConfigError(f"customer {desk.asked.customer_id!r} is on hold already: {kind}", "release it first")
    made = Hold(
        hold_id=found[0]["hold_id"],
        version=1,
        customer_id=desk.asked.customer_id,
        kind=kind,
        until=until,
        note=note,
        held_by=desk.by,
        held_at=desk.at,
        released_by=None,
        released_at=None,
        by=desk.by,
        at=desk.at,
    )
    return Done(str(made.hold_id), 1, made)


_END_EXPIRED = """
update ops.contact_holds set released_at = %(at)s, released_by = 'expired'
where customer_id = %(id)s and kind = %(kind)s and released_at is null and held_until < %(day)s
returning hold_id
"""
_ADD = """
insert into ops.contact_holds (customer_id, kind, reason, held_at, held_by, held_until)
values (%(id)s, %(kind)s, %(note)s, %(at)s, %(by)s, %(until)s) on conflict do nothing returning hold_id
"""


def release_hold(actor: Actor, action_id: str, customer_id: str, hold_id: int, *, seen: int, note: str = "") -> Hold:
    """End a hold. One that rests on the law or on a person's state is released by a manager.

    `seen`: the version of the hold. Raises NotAllowed, Conflict, ConfigError.
    """
    note = checked.words(note, "note")
    asked = Asked(actor, action_id, "release_hold", customer_id, {"hold_id": hold_id, "seen": seen, "note": note})
    return act(asked, Hold, lambda desk: _release(desk, hold_id, seen, note))


def _release(desk: Desk, hold_id: int, seen: int, note: str) -> Done[Hold]:
    found = rows(desk.connection, HOLDS + " and hold_id = %(hold)s", {"id": desk.asked.customer_id, "hold": hold_id})
    if not found:
        raise ConfigError(f"{desk.asked.customer_id!r} has no hold {hold_id}", "see `cartera desk file`")
    before = Hold(**found[0])
    require_seen(desk, str(hold_id), before.version, seen)
    if before.released_at is not None:
        raise ConfigError(f"this hold was released by {before.released_by}", "see `cartera desk file`")
    if not may_release(desk.asked.actor, before.kind):
        raise NotAllowed(f"{desk.by} may not release a hold of kind {before.kind}", "ask a manager")
    after = replace(
        before,
        version=seen + 1,
        note=note or before.note,
        released_by=desk.by,
        released_at=desk.at,
        by=desk.by,
        at=desk.at,
    )
    bound = {"hold": hold_id, "version": after.version, "note": after.note, "by": desk.by, "at": desk.at}
    rows(desk.connection, _RELEASE, bound)
    return Done(str(hold_id), after.version, after, before)


_RELEASE = """
update ops.contact_holds set released_at = %(at)s, released_by = %(by)s, version = %(version)s, reason = %(note)s
where hold_id = %(hold)s returning hold_id
"""


def as_hold(row: Row) -> Hold:
    return Hold(**row)


HOLDS = """
select hold_id, version, customer_id, kind, held_until as until, reason as note, held_by, held_at, released_by,
    released_at, coalesce(released_by, held_by) as by, coalesce(released_at, held_at) as at
from ops.contact_holds where customer_id = %(id)s
"""
