"""Which policy each debt falls under, and what that policy decides about it. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from cartera.reminders.audience import Debt
from cartera.reminders.decide import Allow, decide
from cartera.reminders.model import Answer, Customer, Decision, History, Item, Reason, Standing
from cartera.reminders.policy import Policies, Policy

Key = tuple[str, str]
"""company_id, and the currency where the policy has a message of its own for each; else an empty text."""

Segments = Mapping[tuple[str, str], Mapping[str, str]]


@dataclass(frozen=True)
class Choice:
    """What the policy of a debt decides. Of a debt under none, the policy asked last tells."""

    company_id: str
    policy_name: str
    decision: Decision


def decide_debts(
    companies: Mapping[str, Sequence[Item]],
    customer: Customer,
    history: History,
    policies: Policies,
    as_of: dt.date,
    standing: Standing,
    segments: Segments,
    *,
    allow: Allow = lambda *_: (),
) -> dict[Key, Choice]:
    """One customer's debts by company: each under the first policy whose audience it is, never under two."""
    found: dict[Key, Choice] = {}
    for company_id, items in companies.items():
        debt = debt_of(company_id, items, customer, segments.get((customer.customer_id, company_id), {}), as_of)
        policy = policies.of(debt)
        if policy is None:
            if debt.oldest_days > 0:
                found[company_id, ""] = _under_none(company_id, policies, debt)
            continue
        chosen_by = _why(policies, policy, debt)
        for currency, group in _groups(policy, items):
            decision = decide(group, customer, history, policy, as_of, standing, allow=allow)
            if decision:
                decision = replace(decision, answers=(*chosen_by, *decision.answers)) if chosen_by else decision
                found[company_id, currency] = Choice(company_id, policy.name, decision)
    return found


def debt_of(
    company_id: str, items: Iterable[Item], customer: Customer, segments: Mapping[str, str], as_of: dt.date
) -> Debt:
    """What an audience is asked about: one customer's items of one company."""
    net: dict[str, Decimal] = {}
    oldest: dt.date | None = None
    for item in items:
        net[item.currency_code] = net.get(item.currency_code, Decimal(0)) + item.open_amount
        if not item.is_credit and (oldest is None or item.due_date < oldest):
            oldest = item.due_date
    return Debt(
        company_id=company_id,
        country_code=customer.country_code,
        customer_type=customer.customer_type,
        risk_class=customer.risk_class,
        net=net,
        oldest_days=(as_of - oldest).days if oldest else 0,
        segments=segments,
    )


def _groups(policy: Policy, items: Sequence[Item]) -> Iterator[tuple[str, Sequence[Item]]]:
    if policy.grouping == "company":
        yield "", items
        return
    for currency in sorted({item.currency_code for item in items}):
        yield currency, [item for item in items if item.currency_code == currency]


def _why(policies: Policies, policy: Policy, debt: Debt) -> tuple[Answer, ...]:
    """The conditions that the debt meets; none are told where the only policy is for everybody."""
    asked = [f"{rule}: {saw}" for rule, saw, _ in policy.audience.asked(debt)]
    if not asked and len(policies) == 1:
        return ()
    saw = f"{policy.name}, the first that fits" + (f" ({'; '.join(asked)})" if asked else "")
    return (Answer("a policy is for this debt", saw, True),)


def _under_none(company_id: str, policies: Policies, debt: Debt) -> Choice:
    answers = tuple(
        Answer(f"policy {policy.name}: {rule}", saw, passed)
        for policy in policies
        for rule, saw, passed in policy.audience.asked(debt)
    )
    last = list(policies)[-1].name
    return Choice(company_id, last, Decision(None, Reason.no_policy, answers))
