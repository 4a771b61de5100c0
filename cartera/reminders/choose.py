"""Which policy each debt falls under, and what that policy decides about it. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from cartera.reminders.audience import Debt
from cartera.reminders.decide import Allow, decide
from cartera.reminders.experiment import Arm
from cartera.reminders.model import Answer, Customer, Decision, History, Item, Reason, Standing
from cartera.reminders.owed import due_lines
from cartera.reminders.policies import Policies
from cartera.reminders.policy import Policy

Key = tuple[str, str]
"""company_id, and the currency where the policy has a message of its own for each; else an empty text."""

Segments = Mapping[tuple[str, str], Mapping[str, str]]


@dataclass(frozen=True)
class Choice:
    """What the policy of a debt decides. Of a debt under none, the policy asked last tells."""

    company_id: str
    policy_name: str
    decision: Decision


@dataclass
class Draw:
    """A customer drawn for an experiment. `owed`: company -> currency -> what was open then under the policy."""

    experiment: str
    customer_id: str
    arm: Arm
    policy: Policy
    challenger_name: str | None
    owed: dict[str, dict[str, Decimal]] = field(default_factory=dict)


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
    arms: Mapping[str, Arm] | None = None,
) -> dict[Key, Choice]:
    """One customer's debts by company: each under the first policy whose audience it is, never under two.

    `arms`: of the experiments for which the customer was drawn, the arm; None: as if there were no experiments.
    """
    found: dict[Key, Choice] = {}
    for company_id, items in companies.items():
        debt = debt_of(company_id, items, customer, segments.get((customer.customer_id, company_id), {}), as_of)
        policy = policies.of(debt)
        if policy is None:
            if debt.oldest_days > 0:
                found[company_id, ""] = _under_none(company_id, policies, debt)
            continue
        chosen_by = _why(policies, policy, debt)
        arm = arms.get(policy.experiment.name) if arms and policy.experiment else None
        if arm:
            chosen_by = (*chosen_by, _arm_answer(policy, arm))
        if arm is Arm.challenger:
            policy = policies.challenger_of(policy) or policy
        for currency, group in _groups(policy, items):
            decision = (
                decide(group, customer, history, policy, as_of, standing, allow=allow)
                if arm is not Arm.hold_out
                else _held_out(group, history, policy, as_of)
            )
            if decision:
                decision = replace(decision, answers=(*chosen_by, *decision.answers)) if chosen_by else decision
                found[company_id, currency] = Choice(company_id, policy.name, decision)
    return found


def draw_arms(
    companies: Mapping[str, Sequence[Item]],
    customer: Customer,
    history: History,
    policies: Policies,
    as_of: dt.date,
    segments: Segments,
    arms: Mapping[str, Arm],
) -> list[Draw]:
    """The experiments for which a customer is drawn now: not before an item reached a step of one of the arms.

    So all arms begin on the same day of the debt, and nobody is counted whom no arm would have written to yet.
    """
    draws: dict[str, Draw] = {}
    for company_id, items in companies.items():
        debt = debt_of(company_id, items, customer, segments.get((customer.customer_id, company_id), {}), as_of)
        policy = policies.of(debt)
        experiment = policy.experiment if policy else None
        if policy is None or experiment is None or experiment.name in arms:
            continue
        challenger = policies.challenger_of(policy)
        if not any(each and due_lines(items, history, each, as_of) for each in (policy, challenger)):
            continue
        draw = draws.setdefault(
            experiment.name,
            Draw(
                experiment.name,
                customer.customer_id,
                experiment.arm_of(customer.customer_id),
                policy,
                challenger.name if challenger else None,
            ),
        )
        draw.owed[company_id] = {code: amount for code, amount in debt.net.items() if amount > 0}
    return list(draws.values())


def _arm_answer(policy: Policy, arm: Arm) -> Answer:
    assert policy.experiment is not None
    says = {
        Arm.champion: f"champion: policy {policy.name}",
        Arm.challenger: f"challenger: policy file {policy.experiment.challenger}",
        Arm.hold_out: "hold_out: gets no reminder, so that the others can be compared with it",
    }
    return Answer(f"the arm of experiment {policy.experiment.name}", says[arm], arm is not Arm.hold_out)


def _held_out(group: Sequence[Item], history: History, policy: Policy, as_of: dt.date) -> Decision | None:
    return Decision(None, Reason.held_out, ()) if due_lines(group, history, policy, as_of) else None


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
