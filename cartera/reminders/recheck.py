"""Laws 7 and 8 at the moment of sending: what was planned is asked again, of what is published and of the law now.

Asked for a batch of contacts at once, when they are reserved; and once more for a contact whose world has changed
by the time it is handed over, which `still_holds` tells for next to nothing.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any

from psycopg2.errors import UniqueViolation
from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values

from cartera.clock import utc_now
from cartera.errors import ConfigError, GateFailed
from cartera.landing import contacts as landed_contacts
from cartera.reminders import ledger, portfolio, recorded
from cartera.reminders.decide import decide
from cartera.reminders.evidence import evidence, with_evidence
from cartera.reminders.lawful import Lawful, lawful
from cartera.reminders.model import Customer, Decision, History, Item, PlannedContact, Reason, Standing, Status
from cartera.reminders.plan import asked_on
from cartera.reminders.policy import Policy
from cartera.settings import Settings
from cartera.warehouse import read
from cartera.warehouse.read import Publication, Row, rows

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


@dataclass(frozen=True)
class Verdict:
    """What may be said now, or why nothing is. `as_of`: the day of the figures."""

    as_of: dt.date
    customer: Customer
    stamp: Stamp
    contact: PlannedContact | None = None
    reason: Reason | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    until: dt.datetime | None = None
    """When the hours end that allow it; None in the sandbox, which has none."""


Stated = Mapping[str, Decimal | None]
"""The items that were planned for a contact: what it stated of each when it was handed over, if it was."""


@dataclass(frozen=True)
class _World:
    """What is published, read once for all contacts of one day."""

    as_of: dt.date
    standing: Standing
    items: Mapping[str, Mapping[str, Sequence[Item]]]
    customers: Mapping[str, Customer]
    histories: Mapping[str, History]
    rules: Lawful
    desk_actions: Mapping[str, int]


def recheck(
    connection: Connection,
    contacts: Sequence[Row],
    policy_of: Callable[[int], Policy],
    settings: Settings,
    *,
    is_real: bool,
) -> dict[str, Verdict]:
    """Ask every rule again, and fix in the ledger what each message will state; by contact_id. The caller commits.

    `contacts`: of different customers. Only items that were planned are stated, at what is open now; what has become
    due since waits for its own message. Raises GateFailed when nobody may be written to at all.
    """
    stamp = _stamp(connection)
    published = read.publication(connection)
    _require_certified(connection, published)
    planned = _planned_items(connection, [contact["contact_id"] for contact in contacts])
    policies = {plan_id: _read(policy_of, plan_id) for plan_id in {contact["plan_id"] for contact in contacts}}
    adapts = any(isinstance(policy, Policy) and policy.adapt for policy in policies.values())
    verdicts: dict[str, Verdict] = {}
    by_day: dict[dt.date, list[Row]] = {}
    for contact in contacts:
        by_day.setdefault(max(published.as_of_date, contact["planned_date"]), []).append(contact)
    for as_of, of_day in by_day.items():
        _require_current(as_of, is_real=is_real)
        moment = utc_now() if is_real else None
        world = _world(connection, published, as_of, of_day, settings, moment, adapts=adapts)
        for contact in of_day:
            contact_id = contact["contact_id"]
            verdicts[contact_id] = _ask(
                contact, policies[contact["plan_id"]], world, planned.get(contact_id, {}), stamp
            )
    for contact_id in _state(connection, verdicts):
        # another contact holds this step: it is told already
        verdicts[contact_id] = _no(verdicts[contact_id], Reason.step_done)
    return verdicts


def _stamp(connection: Connection) -> Stamp:
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


def still_holds(connection: Connection, contact: Row, number: int, verdict: Verdict) -> bool:
    """Whether nothing has happened since that could change the answer for a contact reserved by us.

    One look, right before the hand-over, on a connection of `prepare_looks`.
    """
    if time.monotonic() - verdict.stamp.asked_at > FRESH_SECONDS or (verdict.until and utc_now() >= verdict.until):
        return False
    bound = {"number": number, "as_of": verdict.as_of, **contact, **asdict(verdict.stamp)}
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
    %(publication_id)s, %(load_id)s, %(contact_id)s, %(number)s, %(customer_id)s, %(as_of)s,
    %(preference_id)s, %(desk_actions)s
)
"""


def _require_certified(connection: Connection, published: Publication) -> None:
    run = {"run_id": published.run_id, "known_at": published.known_at}
    if not rows(connection, "select 1 from ops.certificates where run_id = %(run_id)s and is_tied", run):
        raise GateFailed(
            f"publication {published.publication_id} has no tied certificate",
            "run `cartera run`; nothing is sent on figures that do not tie out",
        )
    landed = rows(
        connection,
        "select source, entity from ops.loads where recorded_at > %(known_at)s"
        " and rows_new + rows_changed + rows_deleted > 0 and source <> %(contacts)s order by load_id desc limit 1",
        run | {"contacts": landed_contacts.SOURCE},
    )
    if landed:
        # it may hold the payment of what we are about to ask for
        raise GateFailed(
            f"{landed[0]['entity']} of {landed[0]['source']} landed after what is published",
            "run `cartera run` or wait for the build; what is approved is sent on its figures",
        )


def _require_current(as_of: dt.date, *, is_real: bool) -> None:
    """Real people are written to on figures of today (one day of slack for time zones)."""
    today = utc_now().date()
    if is_real and abs((today - as_of).days) > 1:
        raise GateFailed(
            f"the figures are as of {as_of}, today is {today}", "run `cartera run` for today, plan and approve again"
        )


def _planned_items(connection: Connection, contact_ids: Sequence[str]) -> Mapping[str, Stated]:
    found = rows(
        connection,
        "select contact_id::text as contact_id, item_id, stated_amount from ops.contact_items"
        " where contact_id = any(%(ids)s::uuid[])",
        {"ids": list(contact_ids)},
    )
    planned: dict[str, dict[str, Decimal | None]] = {}
    for row in found:
        planned.setdefault(row["contact_id"], {})[row["item_id"]] = row["stated_amount"]
    return planned


def _world(
    connection: Connection,
    published: Publication,
    as_of: dt.date,
    contacts: Sequence[Row],
    settings: Settings,
    moment: dt.datetime | None,
    *,
    adapts: bool,
) -> _World:
    ids = [contact["customer_id"] for contact in contacts]
    ours = [contact["contact_id"] for contact in contacts]
    # counted before the rest is read: what comes in between is noticed
    desk_actions = recorded.counts(connection, ids)
    histories = portfolio.histories(connection, as_of, customer_ids=ids, except_contacts=ours)
    if adapts:
        learned = evidence(connection, published, as_of, customer_ids=ids, except_contacts=ours)
        histories = with_evidence(histories, learned)
    return _World(
        as_of,
        asked_on(portfolio.standing(connection, published), as_of, settings),
        portfolio.items_by_customer(connection, published, as_of, ids),
        portfolio.customers(connection, published.known_at, ids),
        histories,
        lawful(connection, as_of, settings.policies_dir, customer_ids=ids, except_contacts=ours, moment=moment),
        desk_actions,
    )


def _read(policy_of: Callable[[int], Policy], plan_id: int) -> Policy | ConfigError:
    try:
        return policy_of(plan_id)
    except ConfigError as error:
        return error


def _ask(contact: Row, policy: Policy | ConfigError, world: _World, planned: Stated, stamp: Stamp) -> Verdict:
    customer_id = contact["customer_id"]
    customer = world.customers.get(customer_id, portfolio.unknown_customer(customer_id))
    stamp = replace(stamp, desk_actions=world.desk_actions.get(customer_id, 0))
    asked = Verdict(world.as_of, customer, stamp)
    if isinstance(policy, ConfigError):
        return _no(asked, Reason.replaced, {"problem": policy.problem})
    items = world.items.get(customer_id, {}).get(contact["company_id"], [])
    if not any(item.item_id in planned for item in items):
        return _no(asked, Reason.paid)
    history = world.histories.get(customer_id, History())
    decision = decide(items, customer, history, policy, world.as_of, world.standing, only=planned, allow=world.rules)
    decision = decision or Decision(None, Reason.not_due, ())
    detail = {"answers": ledger.answers_json(decision.answers), "left_out": dict(decision.left_out)}
    if decision.contact is None:
        return _no(asked, decision.reason, detail)
    if (decision.contact.step.name, decision.contact.channel) != (contact["step_name"], contact["channel"]):
        # days went by, the items that asked for this tone are gone, or this channel is closed: planned anew
        return _no(asked, Reason.replaced, detail)
    if contact["was"] == Status.unknown and not _says_the_same(contact, decision.contact, planned):
        # under one key there is one message
        return _no(asked, Reason.replaced, detail)
    window = decision.contact.window if world.rules.moment else None
    return Verdict(world.as_of, customer, stamp, decision.contact, None, detail, window[1] if window else None)


def _says_the_same(contact: Row, planned: PlannedContact, stated: Stated) -> bool:
    """Whether what would be handed over now is what was handed over before."""
    before = {item_id: amount for item_id, amount in stated.items() if amount is not None}
    now = {line.item.item_id: line.item.open_amount for line in planned.lines}
    return before == now and planned.recipient == contact["recipient"]


def _no(asked: Verdict, reason: Reason | None, detail: Mapping[str, Any] | None = None) -> Verdict:
    return Verdict(asked.as_of, asked.customer, asked.stamp, None, reason, detail or asked.detail)


def _state(connection: Connection, verdicts: Mapping[str, Verdict]) -> list[str]:
    """Write down what the messages state, before they leave; the ids of those that another contact forbids."""
    stated = {contact_id: verdict for contact_id, verdict in verdicts.items() if verdict.contact}
    if not stated:
        return []
    with connection.cursor() as cursor:
        cursor.execute("savepoint stating")
        try:
            _state_contacts(cursor, stated)
        except UniqueViolation:
            cursor.execute("rollback to savepoint stating")
            if len(stated) == 1:
                return list(stated)
            return [each for id, verdict in stated.items() for each in _state(connection, {id: verdict})]
        _state_items(cursor, stated)
    return []


def _state_contacts(cursor: Any, stated: Mapping[str, Verdict]) -> None:
    execute_values(
        cursor,
        "update ops.contacts as c set contact_date = v.as_of, cycle = v.cycle, recipient = v.recipient,"
        " language_code = v.language from (values %s) as v (contact_id, as_of, cycle, recipient, language)"
        " where c.contact_id = v.contact_id",
        [
            (contact_id, verdict.as_of, contact.cycle, contact.recipient, contact.language)
            for contact_id, verdict in stated.items()
            if (contact := verdict.contact)
        ],
        template="(%s::uuid, %s, %s, %s, %s)",
        page_size=len(stated),
    )


def _state_items(cursor: Any, stated: Mapping[str, Verdict]) -> None:
    cursor.execute(
        "update ops.contact_items set stated_amount = null, left_out_reason = 'paid'"
        " where contact_id = any(%s::uuid[])",
        (list(stated),),
    )
    lines = [
        (contact_id, line.item.item_id, line.item.open_amount, None, line.step.offset_days, line.item.due_date)
        for contact_id, verdict in stated.items()
        if verdict.contact
        for line in verdict.contact.lines
    ]
    left_out = [
        (contact_id, item_id, None, reason, None, None)
        for contact_id, verdict in stated.items()
        for item_id, reason in verdict.detail["left_out"].items()
    ]
    execute_values(
        cursor,
        "update ops.contact_items as i set stated_amount = v.amount, left_out_reason = v.reason,"
        " offset_days = coalesce(v.offset_days, i.offset_days), due_date = coalesce(v.due_date, i.due_date)"
        " from (values %s) as v (contact_id, item_id, amount, reason, offset_days, due_date)"
        " where i.contact_id = v.contact_id and i.item_id = v.item_id",
        lines + left_out,
        template="(%s::uuid, %s, %s::numeric, %s, %s::int, %s::date)",
        page_size=len(lines) + len(left_out),
    )
