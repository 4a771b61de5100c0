"""Law 8 at the moment of sending: what was planned is asked again of what is published now."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from psycopg2.errors import UniqueViolation
from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values

from cartera.clock import utc_now
from cartera.errors import GateFailed
from cartera.reminders import ledger, portfolio
from cartera.reminders.decide import decide
from cartera.reminders.model import Customer, Decision, History, PlannedContact, Reason, Standing
from cartera.reminders.plan import asked_on
from cartera.reminders.policy import Policy
from cartera.settings import Settings
from cartera.warehouse import read
from cartera.warehouse.read import Publication, Row, rows


@dataclass(frozen=True)
class Verdict:
    """What may be said now, or why nothing is. `as_of`: the day of the figures."""

    as_of: dt.date
    customer: Customer
    contact: PlannedContact | None
    reason: Reason | None = None
    detail: dict[str, Any] = field(default_factory=dict)


Standings = dict[int, Standing]
"""By publication_id. What a publication's certificate ties does not change; a landing only makes a source fresher."""


def recheck(
    connection: Connection,
    contact: Row,
    policy: Policy,
    settings: Settings,
    *,
    is_real: bool,
    standings: Standings,
) -> Verdict:
    """Ask every rule again, and fix in the ledger what the message will state. The caller commits.

    Only items that were planned are stated, at what is open now; what has become due since waits for its
    own message. Raises GateFailed when nobody may be written to at all.
    """
    published = read.publication(connection)
    as_of = max(published.as_of_date, contact["planned_date"])
    _require_current(as_of, is_real=is_real)
    if published.publication_id not in standings:
        standings[published.publication_id] = portfolio.standing(connection, published)
    standing = asked_on(standings[published.publication_id], as_of, settings)
    if not standing.is_certified:
        raise GateFailed(
            f"publication {published.publication_id} has no tied certificate",
            "run `cartera run`; nothing is sent on figures that do not tie out",
        )
    decision, customer = _decide(connection, contact, policy, published, as_of, standing)
    reason = _why_not(decision, contact)
    detail = {"answers": ledger.answers_json(decision.answers)}
    if reason is None and decision.contact:
        reason = _state(connection, contact, decision, as_of)
        if reason is None:
            return Verdict(as_of, customer, decision.contact, None, detail)
    return Verdict(as_of, customer, None, reason, detail)


def _require_current(as_of: dt.date, *, is_real: bool) -> None:
    """Real people are written to on figures of today (one day of slack for time zones)."""
    today = utc_now().date()
    if is_real and abs((today - as_of).days) > 1:
        raise GateFailed(
            f"the figures are as of {as_of}, today is {today}", "run `cartera run` for today, plan and approve again"
        )


def _decide(
    connection: Connection, contact: Row, policy: Policy, published: Publication, as_of: dt.date, standing: Standing
) -> tuple[Decision, Customer]:
    customer_id, company_id = contact["customer_id"], contact["company_id"]
    found = portfolio.items_by_customer(connection, published, as_of, [customer_id])
    planned = rows(connection, _PLANNED, {"id": contact["contact_id"]})
    names = {row["item_id"] for row in planned}
    items = found.get(customer_id, {}).get(company_id, [])
    customer = portfolio.customers(connection, published.known_at, [customer_id]).get(
        customer_id, portfolio.unknown_customer(customer_id)
    )
    history = portfolio.histories(
        connection, as_of, customer_ids=[customer_id], except_contacts=[contact["contact_id"]]
    ).get(customer_id, History())
    if not any(item.item_id in names for item in items):
        return Decision(None, Reason.paid, ()), customer
    decision = decide(items, customer, history, policy, as_of, standing, only=names)
    return decision or Decision(None, Reason.not_due, ()), customer


_PLANNED = "select item_id from ops.contact_items where contact_id = %(id)s::uuid"


def _why_not(decision: Decision, contact: Row) -> Reason | None:
    if decision.contact is None:
        return decision.reason
    if (decision.contact.step.name, decision.contact.channel) != (contact["step_name"], contact["channel"]):
        # days went by, the items that asked for this tone are gone, or this channel is closed: planned anew
        return Reason.replaced
    return None


def _state(connection: Connection, contact: Row, decision: Decision, as_of: dt.date) -> Reason | None:
    """Write down what the message states, before it leaves; a reason when another contact forbids it."""
    stated = decision.contact
    assert stated is not None
    contact_id = contact["contact_id"]
    with connection.cursor() as cursor:
        cursor.execute("savepoint stating")
        try:
            cursor.execute(
                "update ops.contacts set contact_date = %s, cycle = %s, recipient = %s, language_code = %s"
                " where contact_id = %s::uuid",
                (as_of, stated.cycle, stated.recipient, stated.language, contact_id),
            )
        except UniqueViolation:
            cursor.execute("rollback to savepoint stating")
            return Reason.step_done
        cursor.execute(
            "update ops.contact_items set stated_amount = null, left_out_reason = 'paid' where contact_id = %s::uuid",
            (contact_id,),
        )
        execute_values(
            cursor,
            "update ops.contact_items as i set stated_amount = v.amount, left_out_reason = v.reason,"
            " offset_days = coalesce(v.offset_days, i.offset_days), due_date = coalesce(v.due_date, i.due_date)"
            " from (values %s) as v (contact_id, item_id, amount, reason, offset_days, due_date)"
            " where i.contact_id = v.contact_id::uuid and i.item_id = v.item_id",
            [
                *(
                    (
                        contact_id,
                        line.item.item_id,
                        line.item.open_amount,
                        None,
                        line.step.offset_days,
                        line.item.due_date,
                    )
                    for line in stated.lines
                ),
                *((contact_id, item_id, None, reason, None, None) for item_id, reason in decision.left_out.items()),
            ],
            template="(%s, %s, %s::numeric, %s, %s::int, %s::date)",
        )
    return None
