"""Messages to try templates on before anybody is written to: one with much in it, one with little."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal

from cartera.reminders.model import Customer, Item, Line, PlannedContact
from cartera.reminders.policy import Channel, Language, Policy, Step

AS_OF = dt.date(2026, 6, 30)
RECIPIENTS: dict[Channel, str] = {"email": "sample@example.com", "letter": "Av. Sample 123; Lima 15001"}


def samples(
    policy: Policy, step: Step, channel: Channel, language: Language, country: str
) -> Iterator[tuple[PlannedContact, Customer]]:
    """Three documents of millions in two currencies, as long as a text may well get; and one of little."""

    def line(number: str, days: int, currency: str, amount: str) -> Line:
        due = AS_OF - dt.timedelta(days=days)
        item = Item(
            number, company, "sample", f"F-{number}", due, due, currency, Decimal("10000000"), Decimal(amount)
        )  # fmt: skip
        return Line(item, step)

    company = next(iter(policy.audience.companies), "sample")
    customer_type = next((charge.customer_types[0] for charge in policy.charges if charge.customer_types), None)
    currencies = (sorted(policy.creditor_of(company).payment) + ["PEN", "USD"])[:2]
    first, second = currencies[0], currencies[-1] if currencies[-1] != currencies[0] else "EUR"
    lines = (
        line("1", 30, first, "1234567.89"),
        line("2", 0, first, "40.5"),
        line("3", -3, second, "1234567.89"),
    )
    customer = Customer("sample", "Sample & Co <x>", country_code=country, customer_type=customer_type)
    yield _sample(lines, {first: Decimal(5)}, step, channel, language, company), customer
    yield _sample(lines[:1], {}, step, channel, language, company), Customer("sample", country_code=country)


def _sample(
    lines: tuple[Line, ...],
    credits: Mapping[str, Decimal],
    step: Step,
    channel: Channel,
    language: Language,
    company: str,
) -> PlannedContact:
    recipient = RECIPIENTS.get(channel, "+51987654321")
    return PlannedContact(
        company, "sample", step.model_copy(update={"attach": ()}), "1@2026-05-31", recipient, language, lines, credits,
        channel,
    )  # fmt: skip
