"""A message as it will look to one customer, with what is open now. Nothing is stored and nothing is sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path

from cartera.db import Role, transaction
from cartera.errors import ConfigError, NotAllowed
from cartera.reminders import ledger, portfolio, sms
from cartera.reminders.addresses import reach
from cartera.reminders.choose import debt_of
from cartera.reminders.content import Content, Letter, Rendered, ShortText, TemplateMessage
from cartera.reminders.decide import decide, language_of
from cartera.reminders.model import Answer, Customer, History, Item, PlannedContact
from cartera.reminders.owed import open_lines
from cartera.reminders.plan import asked_on, policies_of, templates_of
from cartera.reminders.policies import Policies
from cartera.reminders.policy import Channel, Language, Policy, Step
from cartera.reminders.prices import load_prices
from cartera.reminders.render import text_of
from cartera.settings import Settings, get_settings
from cartera.warehouse import read
from cartera.warehouse.read import rows


@dataclass(frozen=True)
class Preview:
    """`files`: name -> content, as `--to` writes them. `cost`: in `cost_currency`, by the price list."""

    contact: PlannedContact
    policy_name: str
    content: Content
    text: str
    files: dict[str, bytes]
    cost: Decimal
    cost_currency: str
    sms: sms.SmsLength | None = None


def preview(
    template: str,
    customer_id: str,
    *,
    language: Language | None = None,
    channel: Channel | None = None,
    company_id: str | None = None,
    as_of: dt.date | None = None,
    policy_path: Path | None = None,
) -> Preview:
    """The message of a template for what a customer owes one company. Raises ConfigError."""
    settings = get_settings()
    policies = policies_of(settings, policy_path)
    with transaction(Role.campaign) as connection:
        published = read.publication(connection)
        day = as_of or published.as_of_date
        companies = portfolio.items_by_customer(connection, published, day, [customer_id]).get(customer_id, {})
        owing = sorted(company for company, items in companies.items() if any(not item.is_credit for item in items))
        if not owing or company_id and company_id not in owing:
            owed = f"company {company_id!r}" if company_id and owing else "anybody"
            raise ConfigError(f"customer {customer_id!r} owes nothing to {owed} on {day}", _known(owing))
        company, items = company_id or owing[0], companies[company_id or owing[0]]
        customer = portfolio.customers(connection, published.known_at, [customer_id]).get(
            customer_id, portfolio.unknown_customer(customer_id)
        )
        history = portfolio.histories(connection, day, customer_ids=[customer_id]).get(customer_id, History())
        segments = portfolio.segments(connection, published, day, [customer_id]) if policies.asks_segments else {}
    debt = debt_of(company, items, customer, segments.get((customer_id, company), {}), day)
    policy, step = _step_of(template, channel, policies, policies.of(debt))
    contact = _contact(items, customer, history, policy, step, channel or step.channels[0], day)
    return _shown(replace(contact, language=language or contact.language), customer, policy, day, settings)


def preview_contact(contact_id: str, companies: Collection[str] | None = None) -> Preview:
    """The message of a planned contact as it would go out now, by the policy as it read when it was planned.

    With what is open now of the items planned. The contact rules are not asked: the hour of sending decides them.
    Raises ConfigError where nothing of it would be sent, saying why; NotAllowed where it is of none of the companies.
    """
    settings = get_settings()
    with transaction(Role.campaign) as connection:
        published = read.publication(connection)
        contact = ledger.contact(connection, contact_id)
        if companies is not None and contact["company_id"] not in companies:
            raise NotAllowed(f"who asks has no rights in the company {contact['company_id']!r}", "ask an administrator")
        policy, customer_id = ledger.policy_of(connection, contact["plan_id"]), contact["customer_id"]
        day = max(published.as_of_date, contact["planned_date"])
        planned = rows(connection, "select item_id from ops.contact_items where contact_id = %(id)s::uuid",
                       {"id": contact_id})  # fmt: skip
        customer = portfolio.customers(connection, published.known_at, [customer_id]).get(
            customer_id, portfolio.unknown_customer(customer_id)
        )
        companies = portfolio.items_by_customer(connection, published, day, [customer_id]).get(customer_id, {})
        history = portfolio.histories(
            connection, day, customer_ids=[customer_id], except_contacts=[contact_id]
        ).get(customer_id, History())  # fmt: skip
        standing = asked_on(portfolio.standing(connection, published), day, settings)
    decision = decide(
        companies.get(contact["company_id"], []), customer, history, policy, day, standing,
        only=[row["item_id"] for row in planned], allow=partial(_only, contact["channel"]),
    )  # fmt: skip
    if decision is None or decision.contact is None:
        reason = decision.reason if decision and decision.reason else "paid"
        raise ConfigError(f"nothing of it would be sent now: {reason}", "plan anew")
    return _shown(decision.contact, customer, policy, day, settings)


def _only(planned: Channel, _: Customer, __: History, channel: Channel, ___: str, ____: dt.date) -> Iterator[Answer]:
    """Of a step's channels the one that was planned: the others were refused then."""
    yield Answer("the channel planned", channel, channel == planned)


def _known(owing: Sequence[str]) -> str:
    return f"it owes {', '.join(owing)}" if owing else "see `cartera aging --by customer`"


def _step_of(template: str, channel: Channel | None, policies: Policies, own: Policy | None) -> tuple[Policy, Step]:
    """The step that uses the template: of the customer's own policy first; a step made up where there is none."""
    for policy in (*([own] if own else []), *policies):
        for step in policy.ladder:
            if step.template == template and (channel is None or channel in step.channels):
                return policy, step
    fallback = own or next(iter(policies))
    try:
        return fallback, Step(name="preview", offset_days=0, template=template, channels=(channel or "email",))
    except ValueError:
        raise ConfigError(f"{template!r} can't be the name of a template", "e.g. overdue_firm") from None


def _contact(
    items: Sequence[Item],
    customer: Customer,
    history: History,
    policy: Policy,
    step: Step,
    channel: Channel,
    day: dt.date,
) -> PlannedContact:
    lines, credits = open_lines(items, history, policy, day, step)
    return PlannedContact(
        company_id=items[0].company_id,
        customer_id=customer.customer_id,
        step=step,
        cycle="",
        recipient=reach(channel, customer, history).address or "",
        language=language_of(customer, policy),
        lines=lines,
        credits=credits,
        channel=channel,
        statement=tuple(items),
    )


def _shown(contact: PlannedContact, customer: Customer, policy: Policy, day: dt.date, settings: Settings) -> Preview:
    templates, prices = templates_of(settings), load_prices(settings.policies_dir)
    stop, template = policy.creditor_of(contact.company_id).email, contact.step.template
    content = templates.render(template, contact, customer, policy, day, stop=stop, reference="00000000")
    text = text_of(content)
    if isinstance(content, TemplateMessage):
        text = templates.filled(template, content, contact.language)
    return Preview(
        contact=contact,
        policy_name=policy.name,
        content=content,
        text=text,
        files=_files(content, text, f"{template}.{contact.language}.{contact.channel}"),
        cost=prices.of(contact.channel, content, customer.country_code),
        cost_currency=prices.currency,
        sms=sms.length(text) if contact.channel == "sms" and isinstance(content, ShortText) else None,
    )


def _files(content: Content, text: str, name: str) -> dict[str, bytes]:
    files = {f"{name}.txt": text.encode()}
    if isinstance(content, Rendered):
        files[f"{name}.html"] = content.html.encode()
        files |= {each.name: each.content for each in content.attachments}
    if isinstance(content, Letter):
        files[f"{name}.pdf"] = content.pdf
    return files
