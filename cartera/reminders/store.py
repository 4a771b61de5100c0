"""A plan into the contact ledger, many rows at a time: contacts with their items and reasons, and skips."""

from __future__ import annotations

import datetime as dt
import io
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from psycopg2.extensions import connection as Connection

from cartera.reminders.ledger import answers_json
from cartera.reminders.model import Answer, Decision, PlannedContact, Reason, Status
from cartera.reminders.policy import Policy

Skip = tuple[str, str, Reason, Sequence[Answer]]
"""company_id, customer_id, why, each rule's answer."""

Window = tuple[dt.datetime, dt.datetime]

CHUNK = 5_000
"""Contacts per statement: memory for some thousands, however many there are."""


def add_contacts(
    connection: Connection, plan_id: int, policy: Policy, as_of: dt.date, decisions: Sequence[Decision], domain: str
) -> dict[str, PlannedContact]:
    """Store planned contacts with their items and reasons; those that were new, by id.

    One that the ledger's unique keys refuse is not stored: the step was told, whatever planning thought.
    """
    found: dict[str, PlannedContact] = {}
    for start in range(0, len(decisions), CHUNK):
        planned = {str(uuid.uuid4()): decision for decision in decisions[start : start + CHUNK] if decision.contact}
        rows = [
            (
                contact_id, plan_id, contact.channel, policy.name, contact.step.name, contact.step.offset_days,
                contact.step.template, contact.cycle, contact.company_id, contact.customer_id, contact.recipient,
                contact.language, as_of, Status.planned, f"<{contact_id}@{domain}>",
                *(contact.window or (None, None)),
            )
            for contact_id, decision in planned.items()
            if (contact := decision.contact)
        ]  # fmt: skip
        new = {contact_id: planned[contact_id] for contact_id in _insert_contacts(connection, rows)}
        _copy(connection, _COPY_ITEMS, _item_rows(new))
        _copy(
            connection,
            _COPY_EVENTS,
            (f"{id}\t{Status.planned}\tplan\t{_cell(_json(_reasons(each)))}\n" for id, each in new.items()),
        )
        found |= {id: decision.contact for id, decision in new.items() if decision.contact}
    return found


def move_windows(connection: Connection, windows: Mapping[str, Window]) -> None:
    """When contacts planned before may be sent, where that has changed since; by contact_id."""
    if not windows:
        return
    columns = [list(windows), [start for start, _ in windows.values()], [end for _, end in windows.values()]]
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_WINDOWS, columns)


_MOVE_WINDOWS = """
update ops.contacts as c set send_from = moved.send_from, send_until = moved.send_until
from unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[]) as moved (contact_id, send_from, send_until)
where c.contact_id = moved.contact_id and c.status in ('planned', 'approved')
    and (c.send_from, c.send_until) is distinct from (moved.send_from, moved.send_until)
"""


def _insert_contacts(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[str]:
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(17)]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_CONTACTS, columns)
        return [contact_id for (contact_id,) in cursor.fetchall()]


_INSERT_CONTACTS = """
insert into ops.contacts (contact_id, plan_id, channel, policy_name, step_name, offset_days, template, cycle,
    company_id, customer_id, recipient, language_code, planned_date, status, message_id, send_from, send_until)
select * from unnest(%s::uuid[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::int[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::text[], %s::text[], %s::date[], %s::text[], %s::text[],
    %s::timestamptz[], %s::timestamptz[])
on conflict do nothing returning contact_id::text
"""
_COPY_ITEMS = """
copy ops.contact_items (contact_id, item_id, document_number, due_date, offset_days, currency_code, planned_amount)
from stdin
"""
_COPY_EVENTS = "copy ops.contact_events (contact_id, to_status, actor, detail) from stdin"


def _item_rows(new: dict[str, Decision]) -> Iterator[str]:
    for contact_id, decision in new.items():
        assert decision.contact is not None
        for item, step in decision.contact.lines:
            yield (
                f"{contact_id}\t{_cell(item.item_id)}\t{_cell(item.document_number)}\t{item.due_date}"
                f"\t{step.offset_days}\t{_cell(item.currency_code)}\t{item.open_amount}\n"
            )


def _reasons(decision: Decision) -> dict[str, Any]:
    contact = decision.contact
    return {
        "answers": answers_json(decision.answers),
        "left_out": dict(decision.left_out),
        "credits": {code: f"{amount:f}" for code, amount in contact.credits.items()} if contact else {},
    }


def add_skips(connection: Connection, plan_id: int, policy: Policy, as_of: dt.date, skips: Sequence[Skip]) -> None:
    """Store skips; the same reason on the same day is stored once."""
    with connection.cursor() as cursor:
        for start in range(0, len(skips), CHUNK):
            columns = list(zip(*skips[start : start + CHUNK], strict=True))
            companies, customers, reasons, answers = (list(column) for column in columns)
            details = [_json(answers_json(each)) for each in answers]
            cursor.execute(_INSERT_SKIPS, (plan_id, as_of, policy.name, companies, customers, reasons, details))


_INSERT_SKIPS = """
insert into ops.contact_skips (plan_id, as_of_date, policy_name, company_id, customer_id, reason_code, answers)
select %s::bigint, %s::date, %s::text, company_id, customer_id, reason_code, answers::jsonb
from unnest(%s::text[], %s::text[], %s::text[], %s::text[])
    as skips (company_id, customer_id, reason_code, answers)
on conflict do nothing
"""


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _copy(connection: Connection, statement: str, rows: Iterable[str]) -> None:
    stream = io.StringIO("".join(rows))
    with connection.cursor() as cursor:
        cursor.copy_expert(statement, stream, size=1 << 20)


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _cell(text: str | None) -> str:
    """A text as COPY's text format has it: nothing in it ends a cell or a row."""
    if text is None:
        return "\\N"
    return text if text.isprintable() and "\\" not in text else text.translate(_ESCAPES)
