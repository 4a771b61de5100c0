"""The reminders: what waits, what went out and what came after. What people do changes it, so it is asked anew.

The database gives who sees some companies these alone; what spans companies is for who sees all of them.

Answers that cost something are kept by the last event of the contact ledger, besides the publication.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cartera.cells import harmless
from cartera.desk import Actor, approvals
from cartera.errors import ConfigError, NotAllowed
from cartera.reminders import enrol, experiment_report, ghost_report, outcomes, waiting
from cartera.reminders.approve import ApproveReport
from cartera.reminders.contact_days import closed_days
from cartera.reminders.explain import skip_answers
from cartera.reminders.preview import Preview, preview_contact
from cartera.warehouse import behind, read
from dashboards.i18n import Words
from dashboards.queries.cache import cached
from dashboards.queries.export import Counted
from dashboards.queries.receivables import EXPORTED_ROWS, frame
from dashboards.queries.session import Reading, actor, reading

Group, Asked, By, BYS, ANY = outcomes.Group, outcomes.Asked, outcomes.By, outcomes.BYS, outcomes.ANY
Seen, may_approve = waiting.Seen, approvals.may_approve
LISTED = 500
PLAN_DAYS = 30
STAGES = tuple(outcomes.STAGES)
PLANS = ("plan_id", "policy_name", "as_of_date", "planned_at", "planned_by", "contacts", "ghosts")
STEPS = ("policy_name", "step_name", "channel", "contacts", "customers", "amounts")
CONTACTS = (
    "contact_id", "customer_id", "customer_name", "company_id", "policy_name", "step_name", "channel",
    "language_code", "status", "reason_code", "went_on", "asked_amounts", "paid_amounts",
)  # fmt: skip
WAITING = (
    "contact_id", "customer_id", "customer_name", "company_id", "policy_name", "step_name", "channel",
    "language_code", "planned_date", "send_from", "send_until", "asked_amounts",
)  # fmt: skip
SKIPS = ("skip_id", "customer_id", "customer_name", "company_id", "policy_name")
BY_DAY = ("day", "channel", "contacts")
ARMS = (
    "experiment", "arm", "currency_code", "customers", "too_new", "contacts", "paid", "owed", "cash", "days_to_pay",
    "against", "incremental_per_customer", "incremental_per_contact", "days_gained", "shortfall",
)  # fmt: skip
GHOSTS = (
    "customer_id", "policy", "company", "language", "country", "enrolled_on", "is_removed", "messages",
)  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """An answer of the contact ledger is good until something happens there: `event_id` is the last that did."""

    asked: Asked
    event_id: int


def look(reading: Reading, plan_id: int | None = None, companies: frozenset[str] | None = None) -> Seen:
    return waiting.look(reading.connection, plan_id, companies)


def last_event(reading: Reading) -> int:
    return waiting.last_event(reading.connection)


def plans(reading: Reading) -> pd.DataFrame:
    return frame(waiting.plans(reading.connection), PLANS)


def steps(reading: Reading, plan_id: int | None) -> pd.DataFrame:
    return frame(waiting.steps(reading.connection, plan_id), STEPS)


def samples(reading: Reading, plan_id: int | None) -> list[read.Row]:
    return waiting.samples(reading.connection, plan_id)


def waiting_contacts(reading: Reading, group: Group, limit: int = LISTED) -> pd.DataFrame:
    """WAITING behind a count of `steps`."""
    found = outcomes.waiting(reading.connection, group, reading.clocks.known_at, limit=limit)
    return frame(found, WAITING)


def approve(actor: Actor, seen: Seen, limit: int | None) -> ApproveReport:
    """Approve what was looked at. Raises PlanChanged, NotAllowed, DatabaseError."""
    return approvals.approve(actor, seen, limit)


def first(reading: Reading, seen: Seen, limit: int) -> list[read.Row]:
    """What `approve` takes of what was looked at, as waiting.first says it."""
    return waiting.first(reading.connection, seen, limit)


def named(reading: Reading, parts: Sequence[read.Row]) -> dict[str, str]:
    """The names of the customers of parts, as `first` gives them, by id; ghost shoppers and unknown ones have none."""
    ids = [customer_id for part in parts for customer_id in part["customer_ids"]]
    return behind.customer_names(reading.connection, ids, reading.clocks.known_at) if reading.published else {}


def since(reading: Reading, seen: Seen) -> list[read.Row]:
    """What happened to what waits since it was looked at: to_status, reason_code, actor, contacts, at."""
    return waiting.since(reading.connection, seen)


def sample(contact_id: str) -> Preview | ConfigError:
    """A message as it would go out now, or why it would not. Raises NotAllowed, DatabaseError."""
    try:
        return preview_contact(contact_id, actor().companies)
    except ConfigError as error:
        return error


def sample_file(contact_id: str, name: str) -> Counted:
    """A file of a message as it would go out now, with how many lines it asks for. Raises CarteraError."""
    made = preview_contact(contact_id, actor().companies)
    return Counted(made.files[name], len(made.contact.lines))


@cached
def funnel(reading: Reading, kept: Kept, by: By) -> pd.DataFrame:
    """The group's columns, a count for each of STAGES, amounts."""
    return frame(outcomes.funnel(reading.connection, kept.asked, by), (*outcomes.KEYS[by], *STAGES, "amounts"))


@cached
def contacts(reading: Reading, kept: Kept, group: Group, stage: str, limit: int = LISTED) -> pd.DataFrame:
    """CONTACTS behind a count of `funnel`."""
    found = outcomes.contacts(reading.connection, kept.asked, group, stage, limit=limit)
    return frame(found, CONTACTS)


def skip_days(reading: Reading) -> list[dt.date]:
    return outcomes.skip_days(reading.connection, PLAN_DAYS)


def skip_reasons(reading: Reading, day: dt.date) -> pd.DataFrame:
    return frame(outcomes.skip_reasons(reading.connection, day), ("reason_code", "skips", "customers"))


def skips(reading: Reading, day: dt.date, reason_code: str, limit: int = LISTED) -> pd.DataFrame:
    """SKIPS behind a count of `skip_reasons`."""
    found = outcomes.skips(reading.connection, day, reason_code, reading.clocks.known_at, limit=limit)
    return frame(found, SKIPS)


def refusals(skip_id: int) -> list[read.Row]:
    """rule, saw: what said no when a customer was left in peace. Raises DatabaseError."""
    return [answer for answer in skip_answers(skip_id, actor().companies) if not answer["passed"]]


@cached
def by_day(reading: Reading, kept: Kept, until: dt.date) -> pd.DataFrame:
    return frame(outcomes.by_day(reading.connection, kept.asked, until), BY_DAY)


@cached
def countries(reading: Reading, known_at: dt.datetime) -> list[str]:
    """Where customers live, most first."""
    return [row["country_code"] for row in outcomes.countries(reading.connection, known_at)]


def closed(country_code: str, channel: str, days: Sequence[dt.date]) -> dict[dt.date, str]:
    return closed_days(country_code, channel, days)


def experiments(as_of: dt.date, days: int) -> pd.DataFrame:
    """ARMS of every experiment. Raises NotAllowed, DatabaseError, NotPublished."""
    _require_all_companies()
    found = experiment_report.experiment_report(as_of=as_of, window_days=days)
    return frame([{name: getattr(each, name) for name in ARMS} for each in found], ARMS)


def ghosts() -> pd.DataFrame:
    """GHOSTS, also those that were removed. Raises NotAllowed, DatabaseError."""
    _require_all_companies()
    return frame(enrol.listed(with_removed=True), GHOSTS)


def ghost(customer_id: str) -> ghost_report.GhostReport | str:
    """What a ghost lived through, or why that can't be told. Raises NotAllowed, DatabaseError."""
    _require_all_companies()
    try:
        return ghost_report.ghost_report(customer_id)
    except ConfigError as error:
        return error.problem


def _require_all_companies() -> None:
    """What is told of all companies at once. Raises NotAllowed."""
    who = actor()
    if who.companies is not None:
        raise NotAllowed(f"{who.user} may not see all companies", "ask an administrator")


def funnel_csv(words: Words, kept: Kept, by: By, narrowed: Sequence[str] = ()) -> bytes:
    """Every group with its counts. Raises DatabaseError."""
    with reading() as opened:
        rows = funnel(opened, kept, by)
    columns = (*outcomes.KEYS[by], *STAGES, "amounts")
    return _csv(words, rows, {name: HEADINGS.get(name, f"campaigns.stage.{name}") for name in columns}, kept, narrowed)


def contacts_csv(words: Words, kept: Kept, group: Group, stage: str, narrowed: Sequence[str] = ()) -> bytes:
    """Every contact behind a count. Raises DatabaseError."""
    with reading() as opened:
        rows = frame(outcomes.contacts(opened.connection, kept.asked, group, stage, limit=EXPORTED_ROWS + 1), CONTACTS)
    return _csv(words, rows, {name: HEADINGS[name] for name in CONTACTS}, kept, narrowed)


HEADINGS = {
    "contact_id": "campaigns.col_contact_id", "customer_id": "column.customer_id", "customer_name": "column.customer",
    "company_id": "column.company", "policy_name": "campaigns.col_policy", "step_name": "campaigns.by_step",
    "channel": "campaigns.col_channel", "language_code": "campaigns.col_language", "status": "campaigns.col_state",
    "reason_code": "campaigns.col_reason", "went_on": "campaigns.col_day", "asked_amounts": "campaigns.col_asked_for",
    "paid_amounts": "campaigns.col_paid_after", "amounts": "campaigns.col_paid_amount",
}  # fmt: skip
NAMED = {"step_name": "step", "channel": "campaigns.channel", "status": "campaigns.status"}
"""Columns whose values have words; a reason has those of why nothing was sent, or of how a call ended."""


def reason(words: Words, code: str) -> str:
    """Why a contact did not arrive; of a call it is what came of it."""
    return words.named("campaigns.skip", words.named("outcome", code))


def _csv(
    words: Words, rows: pd.DataFrame, columns: Mapping[str, str], kept: Kept, narrowed: Sequence[str]
) -> bytes:  # fmt: skip
    """Each row with the period, the days that its payments are of and what it is narrowed to; the last row counts those
    above."""
    asked, text = kept.asked, io.StringIO()
    stamp = {
        "campaigns.col_from": asked.from_date.isoformat(),
        "column.as_of": asked.as_of.isoformat(),
        "filter.paid_within": words("campaigns.days", days=asked.days),
        "column.filters": harmless(" · ".join(narrowed)),
    }
    writer = csv.writer(text)
    writer.writerow([*map(words, columns.values()), *map(words, stamp)])
    shown = rows[:EXPORTED_ROWS]
    for row in shown.to_dict("records"):
        writer.writerow([*(_cell(words, name, row[name]) for name in columns), *stamp.values()])
    is_cut = len(rows) > len(shown)
    last = words("export.capped", shown=EXPORTED_ROWS) if is_cut else f"{words('export.total')}: {len(shown)}"
    writer.writerow([last, *[""] * (len(columns) - 1), *stamp.values()])
    return text.getvalue().encode("utf-8-sig")


def _cell(words: Words, column: str, value: object) -> object:
    if isinstance(value, str):
        named = words.named(NAMED[column], value) if column in NAMED else value
        return harmless(reason(words, value) if column == "reason_code" and value else named)
    if isinstance(value, dict):
        return "; ".join(f"{code} {amount}" for code, amount in sorted(value.items()))
    return value.isoformat() if isinstance(value, dt.date) else harmless(value)
