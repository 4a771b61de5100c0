"""Calls that were made: a task of the call list finished, or a contact of its own."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Literal

from cartera.desk import checked
from cartera.desk.journal import Asked, Desk, Done, act
from cartera.desk.model import OUTCOMES, Actor, CallOutcome, CallRecorded
from cartera.errors import ConfigError
from cartera.reminders import audit, ledger, portfolio
from cartera.reminders.addresses import reach
from cartera.reminders.ledger import Move
from cartera.reminders.model import History, Status
from cartera.warehouse.read import Row, rows

BECOMES: dict[CallOutcome, Status] = {
    "message_left": Status.delivered,
    "invalid_number": Status.bounced,
    "wrong_party": Status.sent,
    "no_answer": Status.sent,
    "busy": Status.sent,
}
"""What a call's contact becomes; where the right party spoke, answered. What stays `sent` was tried and told nobody."""
WAITING = (Status.planned, Status.approved, Status.sent, Status.unknown, Status.delivered)
LONGEST = 24 * 3600


def record_call(
    actor: Actor,
    action_id: str,
    customer_id: str,
    *,
    outcome: CallOutcome,
    is_right_party: bool,
    channel: Literal["call"] = "call",
    note: str = "",
    contact_id: str | None = None,
    duration_seconds: int | None = None,
) -> CallRecorded:
    """Finish the task of the call list that is named, else the customer's oldest; without one it is a contact of its
    own, which the contact rules count as any other. Raises NotAllowed, ConfigError.
    """
    if outcome not in OUTCOMES:
        raise ConfigError(f"{outcome!r} is no outcome of a call", f"one of {', '.join(OUTCOMES)}")
    if is_right_party != outcome.startswith("right_party"):
        raise ConfigError(f"{outcome} and right party: {is_right_party} contradict each other", "choose one of them")
    if duration_seconds is not None and not 0 <= duration_seconds <= LONGEST:
        raise ConfigError(f"a call does not last {duration_seconds} seconds", "write its seconds")
    note = checked.words(note, "note")
    values = {"outcome": outcome, "note": note, "contact_id": contact_id, "seconds": duration_seconds}
    asked = Asked(actor, action_id, "call", customer_id, values)
    recorded = act(asked, CallRecorded, lambda desk: _record(desk, outcome, note, contact_id, duration_seconds))
    audit.seal()
    return recorded


def _record(
    desk: Desk, outcome: CallOutcome, note: str, contact_id: str | None, seconds: int | None
) -> Done[CallRecorded]:
    task = _task(desk, contact_id)
    detail: dict[str, Any] = {
        "answer_class": outcome,
        "is_right_party": outcome.startswith("right_party"),
        "note": note,
    }
    if task is None:
        task = _new_contact(desk)
    elif task["status"] in (Status.planned, Status.approved):
        # called before it was handed over: it is told of as any other
        ledger.move(desk.connection, task["contact_id"], WAITING, Status.sent, desk.by)
    _tell(desk, task["contact_id"], outcome, detail)
    called = CallRecorded(
        contact_id=task["contact_id"],
        customer_id=desk.asked.customer_id,
        outcome=outcome,
        is_right_party=detail["is_right_party"],
        channel="call",
        phone=task["recipient"],
        note=note,
        duration_seconds=seconds,
        had_task=task["is_task"],
        by=desk.by,
        at=desk.at,
    )
    rows(desk.connection, _FINISH, {
        "id": called.contact_id, "phone": called.phone, "language": task["language_code"], "by": desk.by, "at": desk.at,
        "outcome": outcome, "is_right_party": called.is_right_party, "seconds": seconds,
    })  # fmt: skip
    if outcome == "invalid_number" and called.phone:
        rows(desk.connection, _IS_BAD, {
            "customer": called.customer_id, "address": called.phone, "contact": called.contact_id, "by": desk.by,
            "at": desk.at,
        })  # fmt: skip
    return Done(desk.asked.action_id, 1, called)


def _task(desk: Desk, contact_id: str | None) -> Row | None:
    """The contact of the task, locked. Raises ConfigError when the one that is named can't be finished."""
    mine = desk.asked.actor.companies
    bound = {
        "customer": desk.asked.customer_id, "id": contact_id, "states": list(WAITING),
        "companies": None if mine is None else sorted(mine),
    }  # fmt: skip
    found = rows(desk.connection, _NAMED if contact_id else _OPEN, bound)
    if not found:
        if contact_id:
            raise ConfigError(f"{desk.asked.customer_id!r} has no call {contact_id!r}", "see `cartera calls today`")
        return None
    if found[0]["is_done"]:
        raise ConfigError(f"the call {contact_id} was made already", "record another call without its task")
    if found[0]["status"] not in WAITING:
        raise ConfigError(f"the call {contact_id} is {found[0]['status']}", "record the call without its task")
    return found[0]


_TASK = """
select c.contact_id::text as contact_id, c.status, c.recipient, c.language_code, true as is_task,
    t.done_at is not null as is_done
from ops.contacts as c left join ops.call_tasks as t on t.contact_id = c.contact_id
where c.customer_id = %(customer)s and c.channel = 'call'
    and (%(companies)s::text[] is null or c.company_id = any(%(companies)s))
"""
_NAMED = _TASK + " and c.contact_id::text = %(id)s for update of c"
_OPEN = (
    _TASK
    + """
    and t.contact_id is not null and t.done_at is null and c.status = any(%(states)s)
order by t.made_at limit 1 for update of c
"""
)


def _new_contact(desk: Desk) -> Row:
    """A call that nobody planned: of no plan and no policy, sent when it was made."""
    wishes = portfolio.wishes(desk.connection, desk.day, [desk.asked.customer_id]).get(desk.asked.customer_id, {})
    number = reach("call", desk.customer, History(**wishes)).address or ""
    contact_id = str(uuid.uuid5(uuid.UUID(desk.asked.action_id), "contact"))
    day: dt.date = desk.day
    bound = {
        "id": contact_id, "customer": desk.asked.customer_id, "recipient": number, "day": day, "at": desk.at,
        "language": desk.customer.language_code or "", "company": desk.companies[0],
    }  # fmt: skip
    rows(desk.connection, _ADD, bound)
    ledger.events(desk.connection, [(None, Move(contact_id, Status.sent, detail={"call": "of no plan"}))], desk.by)
    return {
        "contact_id": contact_id, "status": Status.sent, "recipient": number, "is_task": False,
        "language_code": bound["language"],
    }  # fmt: skip


_ADD = """
insert into ops.contacts (
    contact_id, channel, is_automatic, policy_name, step_name, offset_days, template, cycle, company_id, customer_id,
    recipient, language_code, planned_date, contact_date, status, message_id, handed_at
) values (
    %(id)s::uuid, 'call', false, 'desk', 'call', 0, '', %(id)s, %(company)s, %(customer)s, %(recipient)s,
    %(language)s, %(day)s, %(day)s, 'sent', %(id)s, %(at)s
) returning contact_id
"""


def _tell(desk: Desk, contact_id: str, outcome: CallOutcome, detail: dict[str, Any]) -> None:
    """The contact's state, and the event with who was reached and what they said; the answer class is its reason."""
    becomes = BECOMES.get(outcome, Status.answered)
    ledger.move_all(desk.connection, [Move(contact_id, becomes, detail=detail, answer_class=outcome)], WAITING, desk.by)
    rows(desk.connection, _ON, {"id": contact_id, "day": desk.day})


# told on the day of the call, not on that of the task
_ON = "update ops.contacts set contact_date = %(day)s where contact_id = %(id)s::uuid returning contact_id"
_FINISH = """
insert into ops.call_tasks (
    contact_id, phone, language_code, summary, script, assigned_to, done_at, done_by, result, is_right_party,
    duration_seconds
) values (
    %(id)s::uuid, %(phone)s, %(language)s, '', '', %(by)s, %(at)s, %(by)s, %(outcome)s, %(is_right_party)s, %(seconds)s
) on conflict (contact_id) do update set done_at = excluded.done_at, done_by = excluded.done_by,
    result = excluded.result, is_right_party = excluded.is_right_party, duration_seconds = excluded.duration_seconds
returning contact_id
"""
_IS_BAD = """
insert into ops.bad_addresses (customer_id, channel, address, is_bad, reason, contact_id, noted_at, noted_by)
values (%(customer)s, 'call', %(address)s, true, 'invalid number', %(contact)s::uuid, %(at)s, %(by)s)
returning address_id
"""
