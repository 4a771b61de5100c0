"""Laws 7 and 8 at the moment of sending: what was planned is asked again, of what is published and of the law now.

Asked for a batch of contacts at once, when they are reserved; and once more for a contact whose world has changed
by the time it is handed over, which `looks` tells for next to nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from psycopg2.extensions import connection as Connection

from cartera.clock import utc_now
from cartera.errors import ConfigError, GateFailed
from cartera.landing import contacts as landed_contacts
from cartera.reminders import ledger, portfolio, recorded
from cartera.reminders.decide import decide
from cartera.reminders.evidence import evidence, with_evidence
from cartera.reminders.gateways import Left, answers, laid_over
from cartera.reminders.lawful import Lawful, lawful
from cartera.reminders.looks import Stamp, stamp_now
from cartera.reminders.model import Customer, Decision, History, Item, PlannedContact, Reason, Standing, Status
from cartera.reminders.plan import asked_on
from cartera.reminders.policy import Policy
from cartera.reminders.stating import Statement, state
from cartera.settings import Settings
from cartera.warehouse import read
from cartera.warehouse.read import Publication, Row, rows


@dataclass(frozen=True)
class Verdict:
    """What may be said now, or why nothing is. `as_of`: the day of the figures. `hold_day`: see `Lawful.hold_day`."""

    as_of: dt.date
    hold_day: dt.date
    customer: Customer
    stamp: Stamp
    contact: PlannedContact | None = None
    reason: Reason | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    until: dt.datetime | None = None
    """When the hours end that allow it; None in the sandbox, which has none."""
    items: Sequence[Item] = ()
    """All that is open between customer and company; where there is a contact."""


Stated = Mapping[str, Decimal | None]
"""The items that were planned for a contact: what it stated of each when it was handed over, if it was."""


@dataclass(frozen=True)
class _World:
    """What is published, read once for all contacts of one day."""

    as_of: dt.date
    standing: Standing
    items: Mapping[str, Mapping[str, Sequence[Item]]]
    customers: Mapping[str, Customer]
    hold_days: Mapping[str, dt.date]
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
    left: Mapping[str, Left] | None = None,
) -> dict[str, Verdict]:
    """Ask every rule again, and fix in the ledger what each message will state; by contact_id. The caller commits.

    `contacts`: of different customers. Only items that were planned are stated, at what is open now; what has become
    due since waits for its own message. `left`: by contact_id, what a gateway says is left to pay of its invoices;
    it is laid over our books. Raises GateFailed when nobody may be written to at all.
    """
    stamp = stamp_now(connection)
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
                contact, policies[contact["plan_id"]], world, planned.get(contact_id, {}), stamp,
                left.get(contact_id, {}) if left else {},
            )  # fmt: skip
    # what may have left already keeps the day on which it did: it says the same again or nothing
    was_unknown = {contact["contact_id"] for contact in contacts if contact["was"] == Status.unknown}
    stated = {
        contact_id: Statement(verdict.as_of, verdict.contact, verdict.detail["left_out"])
        for contact_id, verdict in verdicts.items()
        if verdict.contact and contact_id not in was_unknown
    }
    for contact_id in state(connection, stated):
        # another contact holds this step: it is told already
        verdicts[contact_id] = _no(verdicts[contact_id], Reason.step_done)
    return verdicts


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
    customers = {id: portfolio.unknown_customer(id) for id in ids}
    customers |= portfolio.customers(connection, published.known_at, ids)
    rules = lawful(connection, as_of, settings.policies_dir, customer_ids=ids, except_contacts=ours, moment=moment)
    # the figures may be of a day that has not begun where the customer is: a hold of the day before is in force there
    hold_days = {id: rules.hold_day(customer, as_of) for id, customer in customers.items()}
    histories = portfolio.histories(connection, as_of, customer_ids=ids, except_contacts=ours, hold_days=hold_days)
    if adapts:
        learned = evidence(connection, published, as_of, customer_ids=ids, except_contacts=ours)
        histories = with_evidence(histories, learned)
    return _World(
        as_of,
        asked_on(portfolio.standing(connection, published), as_of, settings),
        portfolio.items_by_customer(connection, published, as_of, ids),
        customers,
        hold_days,
        histories,
        rules,
        desk_actions,
    )


def _read(policy_of: Callable[[int], Policy], plan_id: int) -> Policy | ConfigError:
    try:
        return policy_of(plan_id)
    except ConfigError as error:
        return error


def _ask(
    contact: Row, policy: Policy | ConfigError, world: _World, planned: Stated, stamp: Stamp, left: Left
) -> Verdict:
    customer_id = contact["customer_id"]
    customer = world.customers[customer_id]
    stamp = replace(stamp, desk_actions=world.desk_actions.get(customer_id, 0))
    asked = Verdict(world.as_of, world.hold_days[customer_id], customer, stamp)
    if isinstance(policy, ConfigError):
        return _no(asked, Reason.replaced, {"problem": policy.problem})
    items = world.items.get(customer_id, {}).get(contact["company_id"], [])
    items = laid_over(items, left) if left else items
    heard = answers(left)
    if not any(item.item_id in planned for item in items):
        return _no(asked, Reason.paid, {"answers": ledger.answers_json(heard)} if heard else None)
    history = world.histories.get(customer_id, History())
    decision = decide(items, customer, history, policy, world.as_of, world.standing, only=planned, allow=world.rules)
    decision = decision or Decision(None, Reason.not_due, ())
    detail = {"answers": ledger.answers_json((*decision.answers, *heard)), "left_out": dict(decision.left_out)}
    if decision.contact is None:
        return _no(asked, decision.reason, detail)
    if (decision.contact.step.name, decision.contact.channel) != (contact["step_name"], contact["channel"]):
        # days went by, the items that asked for this tone are gone, or this channel is closed: planned anew
        return _no(asked, Reason.replaced, detail)
    if contact["was"] == Status.unknown and not _says_the_same(contact, decision.contact, planned):
        # under one key there is one message
        return _no(asked, Reason.replaced, detail)
    window = decision.contact.window if world.rules.moment else None
    return replace(asked, contact=decision.contact, detail=detail, until=window[1] if window else None, items=items)


def _says_the_same(contact: Row, planned: PlannedContact, stated: Stated) -> bool:
    """Whether what would be handed over now is what was handed over before."""
    before = {item_id: amount for item_id, amount in stated.items() if amount is not None}
    now = {line.item.item_id: line.item.open_amount for line in planned.lines}
    return before == now and planned.recipient == contact["recipient"]


def _no(asked: Verdict, reason: Reason | None, detail: Mapping[str, Any] | None = None) -> Verdict:
    return replace(asked, contact=None, reason=reason, detail=detail or asked.detail, until=None, items=())
