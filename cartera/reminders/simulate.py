"""Simulating: the past day by day as it was known then, decided as the planner decides. Stores and sends nothing."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ
from psycopg2.extensions import connection as Connection

from cartera.db import Role, connect
from cartera.errors import ConfigError
from cartera.reminders import draws, past, portfolio
from cartera.reminders.content import Content, ShortText
from cartera.reminders.evidence import evidence
from cartera.reminders.lawful import lawful
from cartera.reminders.model import Customer, History, PlannedContact
from cartera.reminders.plan import policies_of, templates_of
from cartera.reminders.policy import Policy
from cartera.reminders.prices import Prices, load_prices
from cartera.reminders.render import Templates
from cartera.reminders.replay import Cost, Replay
from cartera.settings import get_settings
from cartera.warehouse import read


@dataclass(frozen=True)
class Simulation:
    """`replays`: of the policies, and of those that they are held against. `known_later`: days from before the first
    publication, replayed with what that knew."""

    days: tuple[dt.date, ...]
    replays: tuple[Replay, ...]
    currency: str
    known_later: int
    seconds: float


def simulate(
    from_date: dt.date, to_date: dt.date, policy_path: Path | None = None, against_path: Path | None = None
) -> Simulation:
    """What the policies of the folder, or the one named, would have sent on each day; beside another if named.

    Customers have been told what the ledger says they were told before the first day. Raises ConfigError,
    NotPublished, DatabaseError.
    """
    started, settings = time.perf_counter(), get_settings()
    if from_date > to_date:
        raise ConfigError(f"the replay ends on {to_date}, before it begins on {from_date}", "say --from and --to")
    sets = [policies_of(settings, policy_path)] + ([policies_of(settings, against_path)] if against_path else [])
    templates, prices = templates_of(settings), load_prices(settings.policies_dir)
    for policy in (each for policies in sets for each in policies.all):
        templates.check(policy)
    days = tuple(from_date + dt.timedelta(days=n) for n in range((to_date - from_date).days + 1))
    known_later = 0
    with _read_only() as connection:
        histories = _told_before(connection, from_date, to_date)
        cost = _cost(prices, templates)
        replays = tuple(
            Replay(
                policies,
                histories,
                cost,
                lawful(connection, from_date, settings.policies_dir, before=from_date),
                draws.arms(connection, policies, before=from_date),
            )
            for policies in sets
        )
        connection.rollback()
        for day in days:
            # a transaction each: whoever wants to publish waits for one day at most
            known_later += _replay(connection, day, replays, from_date)
            connection.rollback()
    return Simulation(days, replays, prices.currency, known_later, time.perf_counter() - started)


@contextmanager
def _read_only() -> Iterator[Connection]:
    """The database itself refuses to store anything."""
    connection = connect(Role.campaign, application_name="cartera simulate")
    try:
        connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
        yield connection
    finally:
        connection.close()


def _told_before(connection: Connection, from_date: dt.date, to_date: dt.date) -> dict[str, History]:
    published = read.publication(connection)
    if to_date > published.as_of_date:
        raise ConfigError(
            f"{to_date} lies after {published.as_of_date}, the day of what is published", "say an earlier --to"
        )
    found = portfolio.histories(connection, from_date, before=from_date)
    # what they said, what holds them and where they are reached is read for each day; what was on its way never went
    return {customer_id: replace(history, **UNSAID) for customer_id, history in found.items()}


def _replay(connection: Connection, day: dt.date, replays: tuple[Replay, ...], from_date: dt.date) -> bool:
    """One day for all replays, each item read once; whether the day was known only later."""
    published = read.publication(connection)
    moment = past.known_at(day, published, past.known_first(connection))
    then = replace(published, known_at=moment)
    standing = past.standing_at(connection, published, day, moment)
    customers = portfolio.customers(connection, moment)
    wishes = portfolio.wishes(connection, day, known_at=moment)
    if any(replay.policies.adapts for replay in replays):
        # what the replay itself sends has no answer; from what was sent before, all that was known by then is learned
        learned = evidence(connection, then, day, before=from_date, known_at=moment)
        for customer_id, sent in learned.items():
            wishes.setdefault(customer_id, {})["evidence"] = sent
    asks = any(replay.policies.asks_segments for replay in replays)
    segments = portfolio.segments(connection, then, day) if asks else {}
    for customer_id, companies in portfolio.items_in_stream(connection, then, day):
        customer = customers.get(customer_id) or portfolio.unknown_customer(customer_id)
        ordered = dict(sorted(companies.items()))
        for replay in replays:
            replay.ask(customer, ordered, wishes.get(customer_id, {}), day, standing, segments)
    return moment.date() > day


def _cost(prices: Prices, templates: Templates) -> Cost:
    """What a contact costs. The price of an SMS alone depends on what it says."""

    def cost(contact: PlannedContact, customer: Customer, policy: Policy, day: dt.date) -> Decimal:
        content: Content = ShortText("")
        if contact.channel == "sms":
            stop = policy.creditor_of(contact.company_id).email
            content = templates.render(
                contact.step.template, contact, customer, policy, day, stop=stop, reference=REFERENCE
            )
        return prices.of(contact.channel, content, customer.country_code)

    return cost


UNSAID: dict[str, Any] = {
    "consents": (), "hold_reason": None, "vulnerable": None, "repairs": (), "bad_addresses": frozenset(),
    "pending": None,
}  # fmt: skip
REFERENCE = "0" * 8
"""As long as the one of a contact."""
