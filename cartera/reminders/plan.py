"""Planning: read what is published in one transaction, decide for each customer, store contacts and skips."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from psycopg2.errors import SerializationFailure
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ
from psycopg2.extensions import connection as Connection

from cartera.clock import utc_now
from cartera.contact_rules import product_rulebook
from cartera.db import Role, connect
from cartera.memory import no_collector
from cartera.reminders import audit, draws, ghosts, ledger, portfolio, recorded, store
from cartera.reminders.choose import decide_debts, draw_arms
from cartera.reminders.disclosures import LegalWording
from cartera.reminders.evidence import evidence, with_evidence
from cartera.reminders.experiment import Arm
from cartera.reminders.lawful import Lawful, lawful
from cartera.reminders.model import Answer, Decision, History, PlannedContact, Reason, Standing, Status
from cartera.reminders.one_contact import Outcome, sort_out
from cartera.reminders.pace import at_the_same_moment, one_behind
from cartera.reminders.policies import Policies, load_policies, load_policies_of
from cartera.reminders.policy import Policy
from cartera.reminders.render import Templates
from cartera.reminders.saved_segments import saved_segments
from cartera.settings import Settings, get_settings
from cartera.warehouse import read

ATTEMPTS = 5
PLANNER_LOCK = "cartera.reminders.plan"
AT_A_TIME = 2_000
"""Customers that are decided before they are stored."""


@dataclass
class PlanReport:
    """What a plan would have sent. `plan_ids`: each policy has a plan of its own. `contacts`: the new ones by id;
    `kept`: those planned before that still hold; `skips`: customers left in peace, by reason. `ghosts`: the new
    contacts to ghost shoppers, which are in none of the others."""

    plan_ids: dict[str, int]
    as_of: dt.date
    known_at: dt.datetime
    contacts: dict[str, PlannedContact] = field(default_factory=dict)
    kept: int = 0
    replaced: int = 0
    skips: Counter[Reason] = field(default_factory=Counter)
    ghosts: dict[str, PlannedContact] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def plan_id(self) -> int:
        """Of the policy that was asked first."""
        return next(iter(self.plan_ids.values()))

    @property
    def policy_name(self) -> str:
        return ", ".join(self.plan_ids)

    @property
    def planned(self) -> int:
        return len(self.contacts)

    @property
    def skipped(self) -> int:
        return self.skips.total()


def templates_of(settings: Settings) -> Templates:
    """With the wording that the law asks for where the customer lives."""
    root = settings.project_dir / "templates"
    return Templates(root, LegalWording(product_rulebook(), root / "disclosures.yaml"))


def rules_of(
    connection: Connection, as_of: dt.date, settings: Settings, customer_ids: Sequence[str] | None = None
) -> Lawful:
    """The contact rules as planning asks them; where real people are written to, not about hours that have gone by."""
    now = utc_now() if _is_real(settings) else None
    return lawful(connection, as_of, settings.policies_dir, customer_ids=customer_ids, not_before=now)


def policies_of(settings: Settings, policy_path: Path | None) -> Policies:
    """All policies in force, or the one named, with the saved segments that they ask for. Raises ConfigError."""
    policies = load_policies_of([policy_path]) if policy_path else load_policies(settings.policies_dir)
    return policies.with_saved(saved_segments()) if policies.saved_segments else policies


def plan_reminders(
    as_of: dt.date | None = None,
    policy_path: Path | None = None,
    *,
    planned_by: str = "cartera",
    dry_run: bool = False,
) -> PlanReport:
    """Plan contacts for `as_of` (default: the date of the publication). Planning again plans nothing twice.

    By all policies of the folder, or by the one named alone.

    Raises ConfigError (policy or template), NotPublished, DatabaseError.
    """
    started, settings = time.perf_counter(), get_settings()
    policies = policies_of(settings, policy_path)
    templates = templates_of(settings)
    for policy in policies.all:
        templates.check(policy)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            # of the reasons for every item: looking among them for what may go was a third of the time
            with no_collector(), _only_planner() as connection:
                report = _plan(connection, as_of, policies, settings, planned_by)
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
            cursor.execute("select pg_advisory_lock(hashtext(%s))", (PLANNER_LOCK,))
        connection.autocommit = False
        connection.isolation_level = ISOLATION_LEVEL_REPEATABLE_READ
        yield connection
    finally:
        connection.close()


def _plan(
    connection: Connection, as_of: dt.date | None, policies: Policies, settings: Settings, planned_by: str
) -> PlanReport:
    published = read.publication(connection)
    day = as_of or published.as_of_date
    standing = asked_on(portfolio.standing(connection, published), day, settings)
    rules = rules_of(connection, day, settings)
    plan_ids = {
        policy.name: ledger.store_plan(connection, policy, day, published, planned_by) for policy in policies.all
    }
    report = PlanReport(plan_ids=plan_ids, as_of=day, known_at=published.known_at)
    domain = settings.mail_from.rpartition("@")[2]

    def keep(outcome: Outcome) -> None:
        report.kept += outcome.kept
        report.replaced += sum(reason is Reason.replaced for _, reason in outcome.retired)
        for planned, reasons in _store_all(connection, policies, report, outcome, domain):
            report.contacts |= planned
            report.skips.update(reasons)

    # the server stores what is decided while we decide about the next
    one_behind(_decide_all(connection, published, policies, day, standing, rules), keep)
    of_ghosts = _decide_ghosts(connection, published, policies, day, standing, rules)
    for planned, _ in _store_all(connection, policies, report, of_ghosts, domain):
        report.ghosts |= planned
    return report


def _store_all(
    connection: Connection, policies: Policies, report: PlanReport, outcome: Outcome, domain: str
) -> Iterator[tuple[dict[str, PlannedContact], list[Reason]]]:
    """What was decided about some customers; what gives way first. By policy, as `_store` tells it."""
    for contact_id, reason in outcome.retired:
        ledger.move(connection, contact_id, (Status.planned, Status.approved), Status.skipped, "plan", reason=reason)
    draws.store(connection, outcome.draws, report.as_of)
    store.move_windows(connection, outcome.windows)
    for policy in policies.all:
        yield _store(connection, policy, report, outcome, domain)


def _store(
    connection: Connection, policy: Policy, report: PlanReport, outcome: Outcome, domain: str
) -> tuple[dict[str, PlannedContact], list[Reason]]:
    """What one policy decided: the contacts that are new, and why the others get none."""
    plan_id, decisions = report.plan_ids[policy.name], outcome.decisions.get(policy.name, [])
    planned = store.add_contacts(connection, plan_id, policy, report.as_of, decisions, domain)
    skips = outcome.skips.get(policy.name, []) + _refused(decisions, planned)
    store.add_skips(connection, plan_id, policy, report.as_of, skips)
    return planned, [reason for _, _, reason, _ in skips]


def asked_on(standing: Standing, as_of: dt.date, settings: Settings) -> Standing:
    """Where real people are written to, the age of a source counts from today, whatever date is asked for."""
    return replace(standing, asked_on=max(as_of, utc_now().date()) if _is_real(settings) else as_of)


def _is_real(settings: Settings) -> bool:
    return settings.smtp_url is not None and settings.deliver_to_real_addresses


def _decide_all(
    connection: Connection,
    published: read.Publication,
    policies: Policies,
    as_of: dt.date,
    standing: Standing,
    rules: Lawful,
) -> Generator[Outcome, None, None]:
    """All customers, some thousand at a time. When the first are decided, the connection is the caller's again."""
    histories = portfolio.histories(connection, as_of)
    if policies.adapts:
        histories = with_evidence(histories, evidence(connection, published, as_of))
    customers = portfolio.customers(connection, published.known_at)
    segments = portfolio.segments(connection, published, as_of) if policies.asks_segments else {}
    arms, experiments = draws.arms(connection, policies), policies.has_experiments
    agreed = recorded.agreements(connection, as_of)
    outcome, met = Outcome(), set[str]()
    with at_the_same_moment(connection, Role.campaign) as reader:
        for customer_id, published_items in portfolio.items_in_stream(reader, published, as_of):
            own = agreed.get(customer_id)
            companies = recorded.laid_over(published_items, own) if own else published_items
            customer = customers.get(customer_id) or portfolio.unknown_customer(customer_id)
            history = histories.get(customer_id, NO_HISTORY)
            known = arms.get(customer_id, NO_ARMS)
            drawn = draw_arms(companies, customer, history, policies, as_of, segments, known) if experiments else []
            own_arms = draws.with_drawn(known, drawn) if experiments else None
            decided = decide_debts(
                companies, customer, history, policies, as_of, standing, segments, allow=rules, arms=own_arms
            )
            outcome.draws += drawn
            sort_out(customer_id, decided, history.pending, as_of, outcome)
            met.add(customer_id)
            if len(met) % AT_A_TIME == 0:
                yield outcome
                outcome = Outcome()
    for customer_id, history in histories.items():
        if customer_id not in met and not ghosts.is_ghost(customer_id):
            sort_out(customer_id, {}, history.pending, as_of, outcome)
    yield outcome


def _decide_ghosts(
    connection: Connection,
    published: read.Publication,
    policies: Policies,
    as_of: dt.date,
    standing: Standing,
    rules: Lawful,
) -> Outcome:
    """Ghost shoppers, each by the policy that it is to live through, whoever that is for."""
    enrolled, outcome = ghosts.enrolled(connection, as_of), Outcome()
    ids = [ghost.customer.customer_id for ghost in enrolled]
    histories = portfolio.histories(connection, as_of, customer_ids=ids) if ids else {}
    if ids and policies.adapts:
        # as it is asked at sending
        histories = with_evidence(histories, evidence(connection, published, as_of, customer_ids=ids))
    for ghost in enrolled:
        own = policies.only(ghost.policy_name)
        if not len(own):
            # another policy is asked alone
            continue
        customer_id, companies = ghost.customer.customer_id, {ghost.company_id: ghost.items}
        history = histories.get(customer_id, NO_HISTORY)
        decided = decide_debts(companies, ghost.customer, history, own, as_of, standing, {}, allow=rules)
        sort_out(customer_id, decided, history.pending, as_of, outcome)
    return outcome


NO_HISTORY = History()
NO_ARMS: Mapping[str, Arm] = {}


def _refused(decisions: Sequence[Decision], planned: Mapping[str, PlannedContact]) -> list[store.Skip]:
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
