"""One set of policies in a replay: its contact history, kept in memory alone, and what it counts. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from cartera.reminders.choose import Segments, decide_debts, draw_arms
from cartera.reminders.experiment import Arm
from cartera.reminders.lawful import Lawful
from cartera.reminders.model import Answer, Customer, History, Item, PlannedContact, Standing, Status, Tried
from cartera.reminders.one_contact import Outcome, sort_out
from cartera.reminders.policies import Policies
from cartera.reminders.policy import Channel, Policy
from cartera.reminders.timing import NEVER

Cost = Callable[[PlannedContact, Customer, Policy, dt.date], Decimal]
KEPT_DAYS = 31
NO_HISTORY = History()


@dataclass
class Day:
    """What one set of policies does on one day. `rules`: how often each rule said no."""

    contacts: Counter[Channel] = field(default_factory=Counter)
    spend: dict[Channel, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    skips: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)


class Replay:
    """Every contact that is decided on counts as sent on its day and stays without an answer.

    `rules`: the contact rules, which remember what this replay sends; no other replay may have the same. `arms`: who
    was drawn for an experiment before the first day; who is met later is drawn as the planner draws.
    """

    def __init__(
        self,
        policies: Policies,
        histories: Mapping[str, History],
        cost: Cost,
        rules: Lawful,
        arms: Mapping[str, Mapping[str, Arm]],
    ) -> None:
        self.policies = policies
        self.days: dict[dt.date, Day] = {}
        self.customers: set[str] = set()
        self._histories = dict(histories)
        self._named = {policy.name: policy for policy in policies.all}
        self._cost = cost
        self._rules = rules
        self._arms = {customer_id: dict(known) for customer_id, known in arms.items()}

    def ask(
        self,
        customer: Customer,
        companies: Mapping[str, Sequence[Item]],
        wishes: Mapping[str, Any],
        day: dt.date,
        standing: Standing,
        segments: Segments,
    ) -> None:
        """What the planner decides for one customer on a day; `wishes`: what it said by then, as fields of History."""
        history = self._histories.get(customer.customer_id, NO_HISTORY)
        if wishes:
            history = replace(history, **wishes)
        arms = self._draw(companies, customer, history, day, segments) if self.policies.has_experiments else None
        decided = decide_debts(
            companies, customer, history, self.policies, day, standing, segments, allow=self._rules, arms=arms
        )
        if not decided:
            return
        outcome = Outcome()
        sort_out(customer.customer_id, decided, None, day, outcome)
        tally = self.days.setdefault(day, Day())
        for _, _, reason, answers in (skip for skips in outcome.skips.values() for skip in skips):
            tally.skips[reason] += 1
            tally.rules.update(said_no(answers))
        for policy_name, decisions in outcome.decisions.items():
            for decision in decisions:
                tally.rules.update(said_no(decision.answers))
                if decision.contact:
                    self._send(decision.contact, customer, self._named[policy_name], day, tally)

    def _draw(
        self,
        companies: Mapping[str, Sequence[Item]],
        customer: Customer,
        history: History,
        day: dt.date,
        segments: Segments,
    ) -> Mapping[str, Arm]:
        """The arms of a customer, once drawn never drawn again."""
        known = self._arms.setdefault(customer.customer_id, {})
        drawn = draw_arms(companies, customer, history, self.policies, day, segments, known)
        known.update((draw.experiment, draw.arm) for draw in drawn)
        return known

    def _send(self, contact: PlannedContact, customer: Customer, policy: Policy, day: dt.date, tally: Day) -> None:
        tally.contacts[contact.channel] += 1
        tally.spend[contact.channel] += self._cost(contact, customer, policy, day)
        self.customers.add(contact.customer_id)
        self._rules.remember(contact.customer_id, contact.channel, day, contact.window[0] if contact.window else None)
        history = self._histories.get(contact.customer_id, NO_HISTORY)
        self._histories[contact.customer_id] = after(history, contact, policy.name, day)


def after(history: History, contact: PlannedContact, policy_name: str, day: dt.date) -> History:
    """A history with one more contact, as `portfolio.histories` would read it from the ledger."""
    told, told_on = dict(history.told), dict(history.told_on)
    for item, step in contact.lines:
        passage = (item.item_id, item.due_date)
        if step.offset_days >= told.get(passage, NEVER):
            told[passage], told_on[passage] = step.offset_days, day
    key = (policy_name, contact.step.name, contact.cycle)
    tried = {**history.tried, key: (*history.tried.get(key, ()), Tried(contact.channel, Status.sent, day))}
    recent = (each for each in history.contact_dates if (day - each).days < KEPT_DAYS)
    return replace(
        history, told=told, told_on=told_on, tried=tried, last_contact_date=day, contact_dates=(*recent, day)
    )


def said_no(answers: Iterable[Answer]) -> set[str]:
    """The rules that said no, each once; of an item its reason, as its rule names the item."""
    return {
        f"an item is not listed: {answer.saw}" if answer.rule.startswith("item ") else answer.rule
        for answer in answers
        if not answer.passed
    }
