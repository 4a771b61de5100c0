"""The call list as rows and as a calendar: one appointment per call, in the debtor's office hours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cartera.money import minor_units, plain
from cartera.reminders.calls import Call
from cartera.reminders.ics import Appointment, calendar
from cartera.reminders.text import MAX_NUMBER, clean

COLUMNS = (
    "rank", "customer_id", "name", "phone", "timezone", "collector", "company_id", "step", "oldest_days",
    "currency_code", "overdue_amount", "expected_amount", "why", "amounts", "note", "contact",
)  # fmt: skip
SHOWN = (
    "rank", "customer_id", "name", "phone", "collector", "amounts", "currency_code", "expected_amount", "why", "note",
    "contact",
)  # fmt: skip
"""What a terminal has room for."""
FIRST_CALL, MINUTES = dt.time(9, 0), 10
CALLS_PER_DAY = 42
"""Of ten minutes each, from nine to four; what comes after shares the last place."""


def call_row(rank: int, call: Call) -> dict[str, Any]:
    """COLUMNS, and for JSON the lines to have at hand."""
    return {
        "rank": rank,
        "customer_id": clean(call.customer.customer_id),
        "name": clean(call.customer.name),
        "phone": call.contact.recipient,
        "timezone": call.customer.timezone,
        "collector": clean(call.collector),
        "company_id": call.contact.company_id,
        "step": call.contact.step.name,
        "oldest_days": call.oldest_days,
        "currency_code": call.currency_code,
        "overdue_amount": _amount(call.overdue, call.currency_code),
        "expected_amount": _amount(call.expected, call.currency_code),
        "chance": call.worth.chance if call.worth else None,
        "why": why(call),
        "amounts": amounts(call),
        "note": call.missing or "",
        "contact": call.contact_id[:8],
        "contact_id": call.contact_id,
        "summary": call.summary,
        "documents": [clean(line.item.document_number or line.item.item_id, MAX_NUMBER) for line in call.contact.lines],
    }


WHY = {
    "age": "late for up to {days}",
    "promise_due_today": "promised for today",
    "broken_promise": "promise of {date} broken",
    "usually_late": "usually {days} late",
    "usually_early": "usually {days} early",
    "usually_on_time": "usually on time",
    "contacted_lately": "contacted {days} ago",
    "contacted_today": "contacted today",
}
"""The facts that `worth` knows, as the page Worklist says them in its three languages."""


def why(call: Call) -> str:
    """The chance in words: the share at that age, and by what each fact multiplies it."""
    told: list[str] = []
    for reason in call.worth.reasons if call.worth else ():
        days = abs(reason.values.get("days", 0))
        text = WHY[reason.text].format(**reason.values | {"days": f"{days} day{'' if days == 1 else 's'}"})
        told.append(f"{text}: {'x ' if told else ''}{reason.factor.quantize(Decimal('0.01'))}")
    return "; ".join(told)


def _amount(amount: Decimal | None, currency_code: str | None) -> str | None:
    if amount is None or currency_code is None:
        return None
    return plain(amount.quantize(Decimal(1).scaleb(-minor_units(currency_code))), currency_code)


def amounts(call: Call) -> str:
    """What is owed in each currency, less the credit that is left."""
    totals: dict[str, Decimal] = {}
    for line in call.contact.lines:
        code = line.item.currency_code
        totals[code] = totals.get(code, Decimal(0)) + line.item.open_amount
    for code, credit in call.contact.credits.items():
        totals[code] = totals.get(code, Decimal(0)) - credit
    return "; ".join(f"{code} {plain(amount, code)}" for code, amount in sorted(totals.items()))


def call_calendar(calls: Sequence[Call], as_of: dt.date) -> bytes:
    """The calls one after the other from nine o'clock, each in its debtor's time, as a calendar file."""
    appointments = []
    for place, call in enumerate(calls):
        starts = _starts(min(place, CALLS_PER_DAY - 1), as_of, call.customer.timezone)
        lines = (call.contact.recipient, *call.script.splitlines())
        appointments.append(
            Appointment(
                uid=f"{call.contact_id}@cartera",
                starts=starts,
                ends=starts + dt.timedelta(minutes=MINUTES),
                summary=call.summary,
                description="\n".join(clean(line, 300) for line in lines),
            )
        )
    return calendar(appointments, dt.datetime.combine(as_of, dt.time(), dt.UTC))


def _starts(place: int, as_of: dt.date, timezone: str | None) -> dt.datetime:
    """In UTC, so that the file needs no table of zones."""
    try:
        zone: dt.tzinfo = ZoneInfo(timezone) if timezone else dt.UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = dt.UTC
    local = dt.datetime.combine(as_of, FIRST_CALL, zone) + dt.timedelta(minutes=MINUTES * place)
    return local.astimezone(dt.UTC)
