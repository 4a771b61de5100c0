"""Why a message went out or did not: the ledger, and each rule asked again of what is published now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection

from cartera.db import Role, transaction
from cartera.money import plain
from cartera.reminders import as_sent, draws, ghosts, ledger, portfolio
from cartera.reminders.approve import find_contact
from cartera.reminders.choose import decide_debts, draw_arms
from cartera.reminders.evidence import evidence
from cartera.reminders.model import Decision, History
from cartera.reminders.plan import asked_on, policies_of, rules_of
from cartera.settings import get_settings
from cartera.warehouse import read
from cartera.warehouse.read import Row, rows

LIST_COLUMNS = (
    "contact", "status", "reason", "plan", "planned_date", "contact_date", "customer_id", "step", "recipient",
    "language", "items", "amounts",
)  # fmt: skip


def list_contacts(
    *, status: str | None = None, as_of: dt.date | None = None, plan_id: int | None = None, limit: int = 1000
) -> list[Row]:
    """Contacts (LIST_COLUMNS and contact_id), the newest plan first. `amounts`: text, one amount per currency."""
    with transaction(Role.campaign) as connection:
        found = rows(connection, _LIST, {"status": status, "as_of": as_of, "plan_id": plan_id, "limit": limit})
    return [row | {"contact": row["contact_id"][:8], "amounts": _amounts(row["amounts"])} for row in found]


def _amounts(by_currency: dict[str, str]) -> str:
    return "; ".join(f"{code} {plain(Decimal(amount), code)}" for code, amount in sorted(by_currency.items()))


_LIST = """
select c.contact_id::text as contact_id, c.status, c.reason_code as reason, c.plan_id as plan, c.planned_date,
    c.contact_date, c.company_id, c.customer_id, c.step_name as step, c.recipient, c.language_code as language,
    coalesce(sum(i.items), 0)::bigint as items,
    coalesce(jsonb_object_agg(i.currency_code, i.amount::text) filter (where i.items > 0), '{}') as amounts
from (
    select * from ops.contacts
    where (%(status)s::text is null or status = %(status)s) and (%(as_of)s::date is null or planned_date = %(as_of)s)
        and (%(plan_id)s::bigint is null or plan_id = %(plan_id)s)
    order by plan_id desc, customer_id limit %(limit)s
) as c
left join lateral (
    select currency_code, count(*) as items, sum(coalesce(stated_amount, planned_amount)) as amount
    from ops.contact_items
    where contact_id = c.contact_id and left_out_reason is null
    group by currency_code
) as i on true
group by c.contact_id, c.status, c.reason_code, c.plan_id, c.planned_date, c.contact_date, c.company_id,
    c.customer_id, c.step_name, c.recipient, c.language_code
order by c.plan_id desc, c.customer_id
"""


def explain(name: str, *, as_of: dt.date | None = None, policy_path: Path | None = None) -> dict[str, Any]:
    """All about a contact (its id or the first characters of it) or a customer. Raises ConfigError.

    Contact: the row, its items, its words as handed over, its events with each rule's answer. Customer: what each rule
    answers now per company, and its contacts and skips.
    """
    with transaction(Role.campaign) as connection:
        if _is_customer(connection, name):
            return explain_customer(connection, name, as_of, policy_path)
    return explain_contact(find_contact(name))


def _is_customer(connection: Connection, name: str) -> bool:
    known = rows(
        connection,
        "select 1 from ops.contacts where customer_id = %(id)s"
        " union all select 1 from ops.contact_skips where customer_id = %(id)s limit 1",
        {"id": name},
    )
    if known:
        return True
    published = read.publication(connection)
    return bool(portfolio.customers(connection, published.known_at, [name])) or bool(
        portfolio.items_by_customer(connection, published, published.as_of_date, [name])
    )


def explain_contact(contact_id: str) -> dict[str, Any]:
    """A contact, its items, the words that were made ready for it and its events, oldest first."""
    with transaction(Role.campaign) as connection:
        return {
            "contact": ledger.contact(connection, contact_id),
            "items": rows(connection, _ITEMS, {"id": contact_id}),
            "messages": as_sent.tries(connection, contact_id),
            "events": rows(connection, _EVENTS, {"id": contact_id}),
        }


_ITEMS = """
select item_id, document_number, due_date, offset_days, currency_code, planned_amount, stated_amount,
    left_out_reason
from ops.contact_items where contact_id = %(id)s::uuid order by due_date, item_id
"""
_EVENTS = """
select happened_at, from_status, to_status, actor, reason_code, detail
from ops.contact_events where contact_id = %(id)s::uuid order by event_id
"""


def skip_answers(skip_id: int, companies: Collection[str] | None = None) -> list[dict[str, Any]]:
    """rule, saw, passed: each answer that a customer was left in peace for, of these companies or of any.

    [] when they were erased.
    """
    bound = {"id": skip_id, "companies": None if companies is None else list(companies)}
    with transaction(Role.campaign) as connection:
        found = rows(connection, _ANSWERS, bound)
    return found[0]["answers"] if found else []


_ANSWERS = """
select answers from ops.contact_skips
where skip_id = %(id)s and (%(companies)s::text[] is null or company_id = any(%(companies)s))
"""


def explain_customer(
    connection: Connection, customer_id: str, as_of: dt.date | None, policy_path: Path | None
) -> dict[str, Any]:
    """Each rule asked now, and what the ledger holds about the customer."""
    settings = get_settings()
    policies = policies_of(settings, policy_path)
    published = read.publication(connection)
    day = as_of or published.as_of_date
    for ghost in ghosts.enrolled(connection, day, [customer_id]):
        policies = policies.only(ghost.policy_name) or policies
    standing = asked_on(portfolio.standing(connection, published), day, settings)
    customer = portfolio.customers(connection, published.known_at, [customer_id]).get(
        customer_id, portfolio.unknown_customer(customer_id)
    )
    history = portfolio.histories(connection, day, customer_ids=[customer_id]).get(customer_id, History())
    if policies.adapts:
        learned = evidence(connection, published, day, customer_ids=[customer_id])
        history = replace(history, evidence=learned.get(customer_id, ()))
    companies = portfolio.items_by_customer(connection, published, day, [customer_id]).get(customer_id, {})
    segments = portfolio.segments(connection, published, day, [customer_id]) if policies.asks_segments else {}
    known = draws.arms(connection, policies, [customer_id]).get(customer_id, {})
    # who was not drawn yet is told what the next plan would draw
    arms = draws.with_drawn(known, draw_arms(companies, customer, history, policies, day, segments, known))
    rules = rules_of(connection, day, settings, [customer_id])
    decided = decide_debts(companies, customer, history, policies, day, standing, segments, allow=rules, arms=arms)
    answers = [
        {
            "company_id": company_id,
            "currency_code": currency or None,
            "policy": choice.policy_name,
            "verdict": _verdict(choice.decision),
            "answers": ledger.answers_json(choice.decision.answers),
        }
        for (company_id, currency), choice in sorted(decided.items())
    ]
    silent = [company_id for company_id in sorted(companies) if not any(key[0] == company_id for key in decided)]
    answers += [
        {"company_id": company_id, "currency_code": None, "policy": None, "verdict": _verdict(None), "answers": []}
        for company_id in silent
    ]
    return {
        "customer": {"customer_id": customer_id, "name": customer.name},
        "as_of": day,
        "policy": ", ".join(policy.name for policy in policies),
        "now": answers,
        "pending": history.pending.contact_id if history.pending else None,
        "contacts": rows(connection, _CONTACTS, {"id": customer_id}),
        "skips": rows(connection, _SKIPS, {"id": customer_id}),
    }


def _verdict(decision: Decision | None) -> str:
    if decision is None:
        return "nothing has reached a step"
    if decision.contact is None:
        return f"is left in peace: {decision.reason}"
    return f"would be written to: {decision.contact.step.name} by {decision.contact.channel}"


_CONTACTS = """
select contact_id::text as contact_id, status, reason_code, step_name, planned_date, contact_date
from ops.contacts where customer_id = %(id)s order by planned_date desc, contact_id limit 20
"""
_SKIPS = """
select as_of_date, company_id, policy_name, reason_code from ops.contact_skips
where customer_id = %(id)s order by skip_id desc limit 20
"""
