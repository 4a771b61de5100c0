"""What people recorded about promises and disputes: asked anew each time, changed through cartera.desk alone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from cartera import desk
from cartera.clock import utc_now
from cartera.desk import lately
from cartera.desk.broken import CARTERA
from cartera.reminders import portfolio
from cartera.warehouse import disputes
from dashboards.i18n import Words
from dashboards.queries.cache import cached
from dashboards.queries.receivables import frame
from dashboards.queries.session import Reading

LISTED, REASONS = 200, 8
SINCE = (
    "kind", "customer_id", "customer_name", "company_id", "currency_code", "amount", "day", "acted_by", "acted_at",
)  # fmt: skip
PROMISES = (
    "promise_id", "version", "customer_id", "customer_name", "company_id", "currency_code", "amount", "made_date",
    "promised_date", "acted_by", "note",
)  # fmt: skip
DISPUTES = (
    "dispute_id", "version", "customer_id", "customer_name", "company_id", "currency_code", "amount", "reason", "note",
    "opened_date", "acted_by",
)  # fmt: skip

BROKEN = re.compile(
    r"broken: (?P<code>[A-Z]{3}) (?P<paid_amount>-?\d+(?:\.\d+)?) paid of (?P<due_amount>\d+(?:\.\d+)?)"
    r" due by (?P<due_date>\d{4}-\d\d-\d\d)"
)
"""The note of a broken plan as it was recorded before its shortfall was kept as values."""


def value_of(words: Words, recorded: Mapping[str, Any], name: str) -> str:
    """A value of what the journal keeps of an action: what we chose the words of in the reader's language, what people
    wrote as they wrote it; empty where there is none."""
    value = recorded.get(name)
    if value in (None, "", [], False):
        return ""
    if name == "shortfall":
        return _shortfall(words, recorded["currency_code"], **value)
    if name == "note" and recorded.get("by") == CARTERA.user and (found := BROKEN.fullmatch(value)):
        return _shortfall(words, **found.groupdict())
    if name == "amount":
        return words.money(Decimal(value), recorded["currency_code"])
    if name == "parts":
        code = recorded["currency_code"]
        return "; ".join(f"{_date(words, part)} {words.money(Decimal(part['amount']), code)}" for part in value)
    if name in ("promised_date", "until"):
        return words.date(dt.date.fromisoformat(value))
    kind = {"kind": "hold", "channel": "channel", "said": "desk.says"}.get(name)
    return words.named(kind, str(value)) if kind else str(value)


def _shortfall(words: Words, code: str, paid_amount: str, due_amount: str, due_date: str) -> str:
    return words(
        "desk.shortfall",
        paid=words.money(Decimal(paid_amount), code),
        due=words.money(Decimal(due_amount), code),
        date=words.date(dt.date.fromisoformat(due_date)),
    )


def _date(words: Words, part: Mapping[str, str]) -> str:
    return words.date(dt.date.fromisoformat(part["promised_date"]))


def who(words: Words, by: str) -> str:
    """Who recorded it."""
    return words("desk.by_erased") if by == desk.ERASED else by


def since(reading: Reading, actor: desk.Actor) -> pd.DataFrame:
    """SINCE: what the publication does not know yet. Like the others one more than LISTED where there are more."""
    return frame(lately.since(reading.connection, reading.clocks.known_at, actor.companies, LISTED + 1), SINCE)


def promises_to_come(reading: Reading, actor: desk.Actor, customer: str = "") -> pd.DataFrame:
    """PROMISES: what can be withdrawn, until its day is over where the customer is.

    `customer`: only of whom the text stands in the name or the id.
    """
    now, limit = utc_now(), LISTED + 1
    since = now.date() - dt.timedelta(days=1)
    while True:
        found = lately.promises_to_come(reading.connection, since, actor.companies, limit, customer)
        # as those who withdraw a promise are asked
        ids = list({row["customer_id"] for row in found})
        known = portfolio.customers(reading.connection, reading.clocks.known_at, ids)
        zones = {customer_id: customer.timezone for customer_id, customer in known.items()}
        kept = [row for row in found if row["promised_date"] >= desk.day_in(zones.get(row["customer_id"]), now)]
        if len(kept) > LISTED or len(found) < limit:
            return frame(kept[: LISTED + 1], PROMISES)
        limit *= 2


def open_disputes(reading: Reading, actor: desk.Actor, customer: str = "") -> pd.DataFrame:
    """DISPUTES that wait for a decision. `customer`: as for promises."""
    return frame(lately.open_disputes(reading.connection, actor.companies, LISTED + 1, customer), DISPUTES)


@cached
def dispute_reasons(reading: Reading) -> list[str]:
    return disputes.reasons(reading.connection, REASONS)


def cancel_promise(actor: desk.Actor, action_id: str, row: Mapping[str, object], note: str) -> None:
    """`row`: as it was listed. Raises Conflict, NotAllowed, ConfigError, DatabaseError."""
    desk.cancel_promise(
        actor, action_id, str(row["customer_id"]), str(row["promise_id"]), seen=_version(row), note=note
    )  # fmt: skip


def close_dispute(actor: desk.Actor, action_id: str, row: Mapping[str, object], resolution: str) -> None:
    """`row`: as it was listed. Raises Conflict, NotAllowed, ConfigError, DatabaseError."""
    desk.close_dispute(
        actor, action_id, str(row["customer_id"]), str(row["dispute_id"]), seen=_version(row), resolution=resolution
    )  # fmt: skip


def _version(row: Mapping[str, object]) -> int:
    return int(str(row["version"]))
