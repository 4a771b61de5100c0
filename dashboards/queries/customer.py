"""One customer: what it owes, how it pays, all that happened; figures cached, the record as it is now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from cartera import desk
from cartera.clock import utc_now
from cartera.errors import NotAllowed
from cartera.reminders import as_sent, statement
from cartera.reminders import dossier as record
from cartera.warehouse import customers, read, segments
from dashboards.i18n import Words, texts
from dashboards.queries.cache import cached
from dashboards.queries.desk import value_of
from dashboards.queries.export import Counted, to_csv
from dashboards.queries.receivables import frame
from dashboards.queries.session import Clocks, Reading, actor

Dossier = record.Dossier
Next = record.Next
FOUND, LISTED_EVENTS = 20, 2_000
MEASURES = ("weighted_days_late", "days_late_trend", "paid_late_pct", "late_payments", "oldest_days_past_due")
TIMELINE = (
    "effective_date", "recorded_at", "kind", "document_number", "currency_code", "amount", "effect_amount",
    "company_id", "detail", "until_date", "by", "contact_id", "desk_id",
)  # fmt: skip
MONEY_KINDS = (
    "invoiced", "received", "credit_noted", "applied", "credited", "written_off", "write_off_reversed", "refunded",
    "charged_back", "chargeback_reversed",
)  # fmt: skip
CSV = {
    "effective_date": "customer.col_effective", "recorded_at": "customer.col_recorded", "kind": "customer.col_kind",
    "document_number": "customer.col_document", "company_id": "column.company", "amount": "customer.col_amount",
    "effect_amount": "customer.col_effect", "detail": "customer.col_detail", "until_date": "customer.until",
    "by": "customer.col_by",
}  # fmt: skip


@cached
def find(reading: Reading, known_at: dt.datetime, text: str) -> pd.DataFrame:
    """customers.FOUND_COLUMNS of at most FOUND customers; one more tells that there are more."""
    return frame(customers.find(reading.connection, known_at, text, FOUND + 1), customers.FOUND_COLUMNS)


@cached
def profile(reading: Reading, known_at: dt.datetime, customer_id: str) -> pd.DataFrame:
    return frame(customers.profile(reading.connection, known_at, customer_id), customers.PROFILE_COLUMNS)


@cached
def balances(reading: Reading, clocks: Clocks, customer_id: str) -> pd.DataFrame:
    """customers.BALANCE_COLUMNS, a row per company and currency."""
    rows = customers.balances(reading.connection, clocks.as_of, clocks.known_at, customer_id)
    return frame(rows, customers.BALANCE_COLUMNS)


@cached
def behaviour(reading: Reading, clocks: Clocks, customer_id: str) -> pd.DataFrame:
    """company_id and MEASURES, as the segments know them; None where it can't be said."""
    found: dict[str, read.Row] = {}
    for row in segments.measures_of(reading.connection, clocks.as_of, clocks.known_at, [customer_id]):
        if row["measure"] in MEASURES:
            found.setdefault(row["company_id"], {"company_id": row["company_id"]})[row["measure"]] = row["value"]
    return frame([dict.fromkeys(MEASURES) | row for _, row in sorted(found.items())], ("company_id", *MEASURES))


@cached
def ledger(reading: Reading, clocks: Clocks, customer_id: str) -> pd.DataFrame:
    """TIMELINE of what the sources tell: entries, instalments that fell due, disputes and promises."""
    asked = (reading.connection, clocks.as_of, clocks.known_at, customer_id)
    rows: list[read.Row] = []
    for entry in customers.entries(*asked):
        rows.append(_event(entry["entry_type"], **entry, detail=entry["due_dates"]))
    for due in customers.instalments(*asked):
        rows.append(_event("due", effective_date=due["due_date"], **due))
    for claim in customers.claims(*asked):
        kind = f"source_{claim.pop('kind')}"
        rows.append(_event(kind, **claim, detail=claim["reason"]))
    return frame(rows, TIMELINE)


def _event(kind: str, **values: Any) -> read.Row:
    return dict.fromkeys(TIMELINE) | {name: values[name] for name in TIMELINE if name in values} | {"kind": kind}


def dossier(customer_id: str) -> Dossier:
    """The record of messages, wishes and holds, as it is now: never cached, as people act on it."""
    return record.dossier(customer_id, utc_now(), actor().companies)


def message(contact_id: str) -> read.Row | None:
    """The words that a provider was given; None where none were kept, or where who asks may not see the company's."""
    return as_sent.handed_over(contact_id, actor().companies)


def timeline(
    words: Words, facts: pd.DataFrame, kept: Dossier, filed: desk.CustomerFile, clocks: Clocks, *, is_now: bool
) -> pd.DataFrame:
    """TIMELINE, the latest first. Past clocks leave out what took effect, or was recorded, after them.

    What the warehouse knows from the desk is told by the desk's journal, once and with who; by the warehouse where the
    journal is gone, as that of an erased customer is.
    """
    zone, told = kept.customer.timezone, _told(filed)
    landed = [row for row in facts.to_dict("records") if row["desk_id"] not in told]
    rows: list[read.Row] = [*landed, *_messages(words, kept, filed), *_filed(words, filed, zone)]  # type: ignore[list-item]
    if not is_now:
        rows = [
            row for row in rows if row["effective_date"] <= clocks.as_of and row["recorded_at"] <= clocks.known_at
        ]  # fmt: skip
    rows.sort(key=lambda row: (row["effective_date"], row["recorded_at"]), reverse=True)
    return frame(rows, TIMELINE)


def _told(filed: desk.CustomerFile) -> set[str]:
    """The ids of promises and disputes of which the journal says how they were made, a part of a plan with its plan."""
    made = {
        each.thing_id for each in filed.actions if each.version == 1 and each.thing in ("promise", "plan", "dispute")
    }
    return made | {each.promise_id for each in filed.promises if each.plan_id in made}


def _messages(words: Words, kept: Dossier, filed: desk.CustomerFile) -> Iterator[read.Row]:
    calls = {call.contact_id for call in filed.calls}
    told = {each["contact_id"]: each for each in kept.contacts}
    for event in kept.events:
        contact = told.get(event["contact_id"])
        if event["contact_id"] in calls or contact is None:
            continue
        sent = event["to_status"] == "sent"
        # what the message stated, in the currency of each amount
        stated = [words.money(Decimal(amount), code) for code, amount in sorted(contact["amounts"].items())]
        channel = words(f"channel.{event['channel']}")
        why = event["reason_code"] and words.named("campaigns.skip", event["reason_code"])
        step = words.named("step", event["step"])
        told_of = (*(stated if sent else ()), channel, step, event["recipient"], why)
        yield _event(
            f"message_{event['to_status']}",
            effective_date=event["contact_date"] if sent else desk.day_in(kept.customer.timezone, event["happened_at"]),
            recorded_at=event["happened_at"],
            document_number=contact["documents"] if sent else None,
            company_id=contact["company_id"],
            detail=" · ".join(filter(None, told_of)),
            by=contact["policy"],
            contact_id=event["contact_id"],
        )
    for said in kept.said:
        kind = "authorised" if said["is_authorised"] else "opted_out"
        channel = words(f"channel.{said['channel'] or 'all'}")
        where = " ".join(filter(None, (channel, said["address"], said["reason"])))
        day = desk.day_in(kept.customer.timezone, said["said_at"])
        yield _event(kind, effective_date=day, recorded_at=said["said_at"], detail=where, by=said["recorded_by"])


def _filed(words: Words, filed: desk.CustomerFile, zone: str | None) -> Iterator[read.Row]:
    """On the days that the customer has: in the evening of the Americas it is tomorrow in UTC."""
    for call in filed.calls:
        text = " · ".join(filter(None, (words(f"outcome.{call.outcome}"), call.phone, call.note)))
        yield _event("call", effective_date=desk.day_in(zone, call.at), recorded_at=call.at, detail=text, by=call.by)
    for action in filed.actions:
        if action.thing in ("call", "wish"):
            # told already: as a contact, and as what was said
            continue
        after = action.after
        yield _event(
            action.kind,
            effective_date=_day(after.get(TOOK_EFFECT.get(action.kind, ""))) or desk.day_in(zone, action.at),
            recorded_at=action.at,
            currency_code=after.get("currency_code"),
            amount=_amount(after),
            company_id=action.company_id,
            detail=" · ".join(filter(None, (value_of(words, after, name) for name in SAID))),
            by=action.by,
        )


TOOK_EFFECT = {"promise": "made_date", "dispute": "opened_date", "close_dispute": "resolved_date"}
"""Of an action, where the thing itself says the day."""

SAID = (
    "shortfall", "parts", "promised_date", "until", "reason", "kind", "channel", "address", "text", "note",
    "resolution",
)  # fmt: skip
"""What the timeline tells of an action, besides its amount."""


def _amount(after: Mapping[str, Any]) -> Decimal | None:
    """Of a plan that of its parts."""
    if after.get("parts"):
        return sum((Decimal(part["amount"]) for part in after["parts"]), Decimal(0))
    return None if after.get("amount") is None else Decimal(str(after["amount"]))


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def event(words: Words, kind: str) -> str:
    """What happened, as the page and the file say it."""
    return texts(words.language).get(f"event.{kind}", kind.replace("_", " "))


def timeline_csv(
    words: Words, rows: pd.DataFrame, clocks: Clocks, currency_code: str, narrowed: Sequence[str] = ()
) -> bytes:
    """The timeline of one currency with what has no currency."""
    chosen = rows[rows["currency_code"].isin([currency_code]) | rows["currency_code"].isna()]
    told = chosen.assign(kind=[event(words, kind) for kind in chosen["kind"]])
    records = [{str(k): v for k, v in row.items()} for row in told.to_dict("records")]
    return to_csv(records, CSV, words, clocks, currency_code, narrowed=narrowed)


def statement_pdf(customer_id: str, company_id: str, clocks: Clocks) -> Counted:
    """Raises CarteraError."""
    account = _account(customer_id, company_id, clocks)
    return Counted(statement.statement_pdf(account), len(account.items))


def statement_xlsx(customer_id: str, company_id: str, clocks: Clocks) -> Counted:
    """Raises CarteraError."""
    account = _account(customer_id, company_id, clocks)
    return Counted(statement.statement_xlsx(account), len(account.items))


def _account(customer_id: str, company_id: str, clocks: Clocks) -> statement.Account:
    who = actor()
    if who.companies is not None and company_id not in who.companies:
        raise NotAllowed(f"{who.user} has no rights in the company {company_id!r}", "ask an administrator")
    return statement.account(customer_id, company_id, clocks.as_of, clocks.known_at)


@cached
def items(reading: Reading, clocks: Clocks, customer_id: str) -> list[read.Row]:
    """Open instalments, the longest past due first: what a promise or a dispute can be about."""
    return read.open_items(
        reading.connection, clocks.as_of, clocks.known_at, customer_id=customer_id, item_type="instalment",
        limit=LISTED_EVENTS,
    )  # fmt: skip
