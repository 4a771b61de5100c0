"""Planning: read what is published in one transaction, decide for each customer, store contacts and skips."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from psycopg2.errors import SerializationFailure
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ
from psycopg2.extensions import connection as Connection

from cartera.clock import utc_now
from cartera.db import Role, connect
from cartera.reminders import audit, ledger, portfolio
from cartera.reminders.decide import decide
from cartera.reminders.model import (
    Answer,
    Customer,
    Decision,
    History,
    Item,
    Pending,
    PlannedContact,
    Reason,
    Standing,
    Status,
)
from cartera.reminders.policy import Policy, find_policy, load_policy
from cartera.reminders.render import Templates
from cartera.settings import Settings, get_settings
from cartera.warehouse import read

ATTEMPTS = 5
Skip = tuple[str, str, Reason, Sequence[Answer]]


@dataclass
class PlanReport:
    """What a plan would have sent. `contacts`: the new ones by id; `kept`: those planned before that still hold;
    `skips`: customers left in peace, by reason."""

    plan_id: int
    policy_name: str
    as_of: dt.date
    known_at: dt.datetime
    contacts: dict[str, PlannedContact] = field(default_factory=dict)
    kept: int = 0
    replaced: int = 0
    skips: Counter[Reason] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def planned(self) -> int:
        return len(self.contacts)

    @property
    def skipped(self) -> int:
        return self.skips.total()


@dataclass
class _Outcome:
    """The decisions of one plan before they are stored."""

    decisions: list[Decision] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    retired: list[tuple[str, Reason]] = field(default_factory=list)
    kept: int = 0


def templates_of(settings: Settings) -> Templates:
    return Templates(settings.project_dir / "templates" / "email")


def plan_reminders(
    as_of: dt.date | None = None,
    policy_path: Path | None = None,
    *,
    planned_by: str = "cartera",
    dry_run: bool = False,
) -> PlanReport:
    """Plan contacts for `as_of` (default: the date of the publication). Planning again plans nothing twice.

    Raises ConfigError (policy or template), NotPublished, DatabaseError.
    """
    started, settings = time.perf_counter(), get_settings()
    policy = load_policy(policy_path) if policy_path else find_policy(settings.policies_dir)
    templates_of(settings).check(policy)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with _only_planner() as connection:
                report = _plan(connection, as_of, policy, settings, planned_by)
                (connection.rollback if dry_run else connection.commit)()
            break
        except SerializationFailure:
            # a sender changed a contact while we looked: look again
            if attempt == ATTEMPTS:
                raise
    if not dry_run:
        audit.seal()
    report.seconds = time.perf_counter() - started
    return report


@contextmanager
def _only_planner() -> Iterator[Connection]:
    """A transaction that sees one moment, begun when no other planner is at work."""
    connection = connect(Role.campaign, autocommit=True, application_name="cartera plan")
    try:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(hashtext('cartera.reminders.plan'))")
        connection.autocommit = False
        connection.isolation_level = ISOLATION_LEVEL_REPEATABLE_READ
        yield connection
    finally:
        connection.close()


def _plan(
    connection: Connection, as_of: dt.date | None, policy: Policy, settings: Settings, planned_by: str
) -> PlanReport:
    published = read.publication(connection)
    day = as_of or published.as_of_date
    standing = asked_on(portfolio.standing(connection, published), day, settings)
    histories = portfolio.histories(connection, day)
    customers = portfolio.customers(connection, published.known_at)
    items = portfolio.items_by_customer(connection, published, day)
    outcome = _decide_all(items, customers, histories, policy, day, standing)

    plan_id = ledger.store_plan(connection, policy, day, published, planned_by)
    for contact_id, reason in outcome.retired:
        ledger.move(connection, contact_id, (Status.planned, Status.approved), Status.skipped, "plan", reason=reason)
    domain = settings.mail_from.rpartition("@")[2]
    planned = ledger.add_contacts(connection, plan_id, policy, day, outcome.decisions, domain)
    skips = outcome.skips + _refused(outcome.decisions, planned)
    ledger.add_skips(connection, plan_id, policy, day, skips)
    return PlanReport(
        plan_id=plan_id,
        policy_name=policy.name,
        as_of=day,
        known_at=published.known_at,
        contacts=planned,
        kept=outcome.kept,
        replaced=sum(reason is Reason.replaced for _, reason in outcome.retired),
        skips=Counter(reason for _, _, reason, _ in skips),
    )


def asked_on(standing: Standing, as_of: dt.date, settings: Settings) -> Standing:
    """Where real people are written to, the age of a source counts from today, whatever date is asked for."""
    real = settings.smtp_url is not None and settings.deliver_to_real_addresses
    return replace(standing, asked_on=max(as_of, utc_now().date()) if real else as_of)


def _decide_all(
    items: Mapping[str, Mapping[str, Sequence[Item]]],
    customers: Mapping[str, Customer],
    histories: Mapping[str, History],
    policy: Policy,
    as_of: dt.date,
    standing: Standing,
) -> _Outcome:
    outcome = _Outcome()
    for customer_id, companies in items.items():
        customer = customers.get(customer_id, portfolio.unknown_customer(customer_id))
        history = histories.get(customer_id, History())
        decided = {
            company: decision
            for company, owed in companies.items()
            if (decision := decide(owed, customer, history, policy, as_of, standing))
        }
        _sort_out(customer_id, decided, history.pending, as_of, outcome)
    for customer_id, history in histories.items():
        if customer_id not in items:
            _sort_out(customer_id, {}, history.pending, as_of, outcome)
    return outcome


def _sort_out(
    customer_id: str, decided: Mapping[str, Decision], pending: Pending | None, as_of: dt.date, outcome: _Outcome
) -> None:
    """One customer: at most one contact on its way, whatever number of companies it owes."""
    wanted = [decision for decision in decided.values() if decision.contact]
    chosen = min(wanted, key=_urgency, default=None)
    others = Reason.already_contacted_today
    if pending and (pending.status is Status.reserved or pending.planned_date > as_of):
        # being sent, or planned for a later day than this look at the past
        chosen, others = None, Reason.in_flight
    elif pending:
        same = next((decision for decision in wanted if _still_holds(pending, decision)), None)
        if same:
            outcome.kept += 1
            chosen = same
        else:
            outcome.retired.append((pending.contact_id, _why_retired(pending, decided, chosen)))
            outcome.decisions += [chosen] if chosen else []
    elif chosen:
        outcome.decisions.append(chosen)
    for company_id, decision in decided.items():
        if decision is not chosen:
            outcome.skips.append((company_id, customer_id, decision.reason or others, decision.answers))


def _still_holds(pending: Pending, decision: Decision) -> bool:
    """The same step for the same passage; and the same items, unless a person has approved it."""
    contact = decision.contact
    if contact is None or pending.company_id != contact.company_id:
        return False
    if (pending.step_name, pending.cycle) != (contact.step.name, contact.cycle):
        return False
    return pending.status is Status.approved or pending.item_ids == {line.item.item_id for line in contact.lines}


def _why_retired(pending: Pending, decided: Mapping[str, Decision], chosen: Decision | None) -> Reason:
    if chosen:
        return Reason.replaced
    decision = decided.get(pending.company_id)
    return decision.reason if decision and decision.reason else Reason.paid


def _urgency(decision: Decision) -> tuple[int, str]:
    """The sharpest step first, then the oldest passage."""
    contact = decision.contact
    assert contact is not None
    return (-contact.step.offset_days, contact.cycle.rpartition("@")[2])


def _refused(decisions: Sequence[Decision], planned: Mapping[str, PlannedContact]) -> list[Skip]:
    """Contacts that the ledger's unique keys refused: it already holds that step, or that day."""
    stored = {id(contact) for contact in planned.values()}
    return [
        (
            contact.company_id,
            contact.customer_id,
            Reason.step_done,
            (*decision.answers, Answer("the ledger holds no such contact", "it holds one", False)),
        )
        for decision in decisions
        if (contact := decision.contact) and id(contact) not in stored
    ]
