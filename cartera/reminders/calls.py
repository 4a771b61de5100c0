"""The day's call list: what steps and ends of ladders handed to a person, the most valuable call first.

Ranked as the worklist is, by the expected value of acting now (`reminders.worth`): what the call may ask for, in the
company's currency at the rate of the day, times the chance that it moves it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.reminders import ledger, portfolio
from cartera.reminders.lawful import without_history
from cartera.reminders.model import Customer, History, Item, Line, PlannedContact, Standing
from cartera.reminders.owed import Owed, ask_owed
from cartera.reminders.plan import asked_on, templates_of
from cartera.reminders.policy import Policy
from cartera.reminders.render import Templates, text_of
from cartera.reminders.text import clean
from cartera.reminders.worth import Facts, Worth, load_worth_rule, worth
from cartera.settings import get_settings
from cartera.warehouse import late, promises, read, valued
from cartera.warehouse.read import Row, rows
from cartera.yaml_config import load_yaml_model

Share = Annotated[Decimal, Field(ge=0, le=1)]


class AgeShare(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    below_days: int = Field(ge=1)
    share: Share


class CallRule(BaseModel):
    """What share of an overdue amount a call brings in, by the days past due of its oldest item."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    collected_share: tuple[AgeShare, ...]
    after_that: Share
    keep_days: int = Field(ge=1)

    def share(self, oldest_days: int) -> Decimal:
        ages = sorted(self.collected_share, key=lambda each: each.below_days)
        return next((each.share for each in ages if oldest_days < each.below_days), self.after_that)


@dataclass(frozen=True)
class Call:
    """One call. `overdue`: what it may ask for, less the credit that is left; it and `worth` are None where a rate is
    missing, named in `missing`."""

    contact_id: str
    customer: Customer
    collector: str | None
    contact: PlannedContact
    oldest_days: int
    currency_code: str | None
    overdue: Decimal | None
    worth: Worth | None
    missing: str | None
    summary: str
    script: str

    @property
    def expected(self) -> Decimal | None:
        return self.worth.expected if self.worth else None


@dataclass(frozen=True)
class CallList:
    """`waiting`: calls that are planned and not yet approved, which are not on the list."""

    as_of: dt.date
    calls: tuple[Call, ...]
    waiting: int


def load_call_rule(policies_dir: Path) -> CallRule:
    """Raises ConfigError with file and line."""
    return load_yaml_model(policies_dir / "shared" / "calls.yaml", CallRule, as_text=True)


def call_list(
    as_of: dt.date | None = None, *, collector: str | None = None, now: dt.datetime | None = None
) -> CallList:
    """The calls to make: approved, still owed, and nothing of law 8 speaks against it; best expected value first.

    They are made at `now`, for which the clock is asked; those of a day that is named, in the course of that day.
    """
    settings = get_settings()
    rule, templates = load_call_rule(settings.policies_dir), templates_of(settings)
    factors = load_worth_rule(settings.policies_dir)
    rules = without_history(settings.policies_dir, now or (None if as_of else utc_now()))
    with transaction(Role.campaign) as connection:
        published = read.publication(connection)
        day = as_of or published.as_of_date
        tasks = rows(connection, _TASKS, {"day": day, "since": day - dt.timedelta(days=rule.keep_days)})
        ids = sorted({task["customer_id"] for task in tasks})
        standing = asked_on(portfolio.standing(connection, published), day, settings)
        items = portfolio.items_by_customer(connection, published, day, ids)
        customers = {id: portfolio.unknown_customer(id) for id in ids}
        customers |= portfolio.customers(connection, published.known_at, ids)
        values = valued.item_values(connection, day, published.known_at, ids)
        hold_days = {id: rules.hold_day(customer, day) for id, customer in customers.items()}
        histories = portfolio.histories(connection, day, customer_ids=ids, hold_days=hold_days)
        contacted = portfolio.last_contacts(connection, ids)
        usual = late.usual_days_late(connection, day, published.known_at, ids)
        broken = promises.broken(connection, day, published.known_at, ids)
        calls, policies = [], dict[int, Policy]()
        for task in (task for task in tasks if task["status"] != "planned"):
            if task["plan_id"] not in policies:
                policies[task["plan_id"]] = ledger.policy_of(connection, task["plan_id"])
            customer_id = task["customer_id"]
            customer = customers[customer_id]
            own = items.get(customer_id, {}).get(task["company_id"], [])
            owed = _owed(
                task, own, customer, histories.get(customer_id, History()), policies[task["plan_id"]], day, standing
            )
            if owed and (collector is None or task["collector"] == collector):
                call = _call(task, owed, customer, policies[task["plan_id"]], day, values, templates)
                if call.overdue is not None:
                    codes = {line.item.currency_code for line in owed.lines}
                    facts = Facts(
                        call.overdue,
                        call.oldest_days,
                        _age_share(owed, values, rule, day),
                        promises.last_broken(broken, customer_id, task["company_id"], codes),
                        usual_days_late=usual.get((task["company_id"], customer_id)),
                        last_contact=contacted.get(customer_id),
                    )
                    call = replace(call, worth=worth(facts, factors, day))
                calls.append(call)
    waiting = sum(task["status"] == "planned" for task in tasks)
    return CallList(day, tuple(sorted(calls, key=_rank)), waiting)


# a call that was made has an answer; one that was handed to a person stays until then, or until it is too old
_TASKS = """
select contact_id::text as contact_id, plan_id, company_id, customer_id, step_name, template, recipient,
    language_code, cycle, status, array(
        select item_id from ops.contact_items as i where i.contact_id = c.contact_id
    ) as item_ids, (
        select max(collector) from serve.dim_customers as d
        where d.customer_id = c.customer_id and recorded_to = (
            select max(recorded_to) from serve.dim_customers as e where e.customer_id = c.customer_id
        )
    ) as collector
from ops.contacts as c
where not exists (select 1 from ops.call_tasks as t where t.contact_id = c.contact_id and done_at is not null)
    and channel = 'call' and status in ('planned', 'approved', 'reserved', 'sent', 'delivered')
    and planned_date between %(since)s and %(day)s
order by contact_id
"""


def _owed(
    task: Row,
    items: Sequence[Item],
    customer: Customer,
    history: History,
    policy: Policy,
    day: dt.date,
    standing: Standing,
) -> Owed | None:
    """What the call is still about; None when nothing is, or when the customer is to be left in peace."""
    step = next((each for each in policy.ladder if each.name == task["step_name"]), None)
    if step is None:
        return None
    ordered = sorted(items, key=lambda item: (item.due_date, item.item_id))
    due = [Line(item, step) for item in ordered if item.item_id in task["item_ids"] and not item.is_credit]
    if not due:
        return None
    owed = ask_owed(due, items, customer, history, policy, day, standing)
    return None if owed.reason else owed


def _call(
    task: Row,
    owed: Owed,
    customer: Customer,
    policy: Policy,
    day: dt.date,
    values: dict[str, valued.ItemValue],
    templates: Templates,
) -> Call:
    """Without its worth."""
    contact = PlannedContact(
        company_id=task["company_id"],
        customer_id=customer.customer_id,
        step=owed.lines[0].step,
        cycle=task["cycle"],
        recipient=task["recipient"],
        language=task["language_code"],
        lines=owed.lines,
        credits=owed.credits,
        channel="call",
    )
    oldest = max((day - line.item.due_date).days for line in owed.lines)
    known = [values[line.item.item_id] for line in owed.lines if line.item.item_id in values]
    missing = next((each.missing for each in known if each.missing), None)
    stop = policy.creditor_of(contact.company_id).email
    content = templates.render(
        task["template"], contact, customer, policy, day, stop=stop, reference=task["contact_id"][:8]
    )
    summary, _, script = text_of(content).partition("\n\n")
    return Call(
        contact_id=task["contact_id"],
        customer=customer,
        collector=task["collector"],
        contact=contact,
        oldest_days=oldest,
        currency_code=known[0].currency_code if known else None,
        overdue=_overdue(owed, values),
        worth=None,
        missing=missing,
        summary=clean(summary, 300),
        script=script,
    )


def _amounts(owed: Owed, values: Mapping[str, valued.ItemValue]) -> list[Decimal | None]:
    """Each line in the company's currency; None where a rate is missing."""
    return [values[line.item.item_id].amount if line.item.item_id in values else None for line in owed.lines]


def _overdue(owed: Owed, values: Mapping[str, valued.ItemValue]) -> Decimal | None:
    """The lines in the company's currency, less the credit that is left, at the rate of the lines in its currency."""
    overdue = Decimal(0)
    nominal: dict[str, Decimal] = {}
    known: dict[str, Decimal] = {}
    for line, amount in zip(owed.lines, _amounts(owed, values), strict=True):
        if amount is None:
            return None
        code = line.item.currency_code
        nominal[code] = nominal.get(code, Decimal(0)) + line.item.open_amount
        known[code] = known.get(code, Decimal(0)) + amount
        overdue += amount
    credit = (owed.credits.get(code, Decimal(0)) * known[code] / nominal[code] for code in nominal)
    return overdue - sum(credit, Decimal(0))


def _age_share(owed: Owed, values: Mapping[str, valued.ItemValue], rule: CallRule, day: dt.date) -> Decimal:
    """The share that a call brings in at the age of each line, weighed by amount."""
    amounts = [amount or Decimal(0) for amount in _amounts(owed, values)]
    ages = [rule.share((day - line.item.due_date).days) for line in owed.lines]
    brought = sum((amount * age for amount, age in zip(amounts, ages, strict=True)), Decimal(0))
    whole = sum(amounts, Decimal(0))
    return brought / whole if whole else ages[0]


def _rank(call: Call) -> tuple[bool, str, Decimal, str]:
    """By currency, as those of two are not comparable; what can't be valued comes last, the oldest id first."""
    return (call.expected is None, call.currency_code or "", -(call.expected or Decimal(0)), call.contact_id)
