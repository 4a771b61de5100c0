"""Law 7: what the contact rules say of a customer, a channel and a day; asked at planning and again at sending.

Planning asks for a day: is there a stretch of it in which a message is allowed? It becomes the contact's send window.
Sending to real people asks for the very moment. The sandbox mailbox has no hours: it is asked for the day again, and
its messages count as sent at the beginning of their windows.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection

from cartera.contact_rules import (
    Channel,
    CompanyRules,
    Event,
    Outcome,
    Question,
    Rulebook,
    Verdict,
    load_company_rules,
    rulebook,
)
from cartera.contact_rules.model import Asked
from cartera.reminders.addresses import consent
from cartera.reminders.model import Answer, Customer, History, Reason
from cartera.warehouse.read import rows

REMEMBERED_DAYS = 40
"""No rule of a pack looks further back (30 days); rules of the company's own may not either."""
LASTING = frozenset({"hold", "opt_out", "recipients", "place", "channel", "authorisation", "time_zone"})
"""Kinds of rules whose no does not end with time alone."""
OUTCOMES: Mapping[str, Outcome] = {
    "reserved": Outcome.unknown,
    "sent": Outcome.sent,
    "unknown": Outcome.unknown,
    "delivered": Outcome.delivered,
    "answered": Outcome.answered,
    "failed": Outcome.failed,
    "bounced": Outcome.failed,
}
"""What an earlier contact's state means to the rules. What was planned or skipped was nobody's contact."""
CALLS: Mapping[str, Outcome] = {
    "wrong_party": Outcome.answered,
    "message_left": Outcome.delivered,
    "no_answer": Outcome.no_answer,
    "busy": Outcome.no_answer,
    "invalid_number": Outcome.failed,
}
"""What came of a call, where it is more than its state says: somebody else was spoken to, or nobody."""


@dataclass(frozen=True)
class Debtor:
    """What the rules need to know of a customer. `authorised`, `opted_out`: what it said of channels."""

    customer_id: str
    country_code: str | None = None
    timezone: str | None = None
    customer_type: str | None = None
    region: str | None = None
    authorised: frozenset[Channel] = frozenset()
    opted_out: frozenset[Channel] = frozenset()


class Closed(NamedTuple):
    """Days that a rule of hours closes as a whole."""

    rule: Asked
    days: tuple[dt.date, ...]


class Lawful:
    """The rules with what was sent before. `moment`: ask for it, and not for a day as a whole."""

    def __init__(
        self,
        book: Rulebook,
        company: CompanyRules,
        events: Mapping[str, tuple[Event, ...]],
        *,
        moment: dt.datetime | None = None,
        not_before: dt.datetime | None = None,
    ) -> None:
        self.book = book
        self.company = company
        self.events = dict(events)
        self.moment = moment
        self.not_before = not_before
        self._asked: dict[Any, tuple[Answer, ...]] = {}

    def __call__(
        self, customer: Customer, history: History, channel: str, address: str, day: dt.date
    ) -> tuple[Answer, ...]:
        """As planning asks it: of a customer with what it said of the channel and the address."""
        said = consent(channel, address, history.consents)  # type: ignore[arg-type]
        return self.allow(self.debtor(customer, channel, said), channel, day)

    def debtor(self, customer: Customer, channel: str, said: bool | None) -> Debtor:
        """The customer as the rules see it, who authorised the channel, opted out, or said nothing (None)."""
        named = frozenset({Channel(channel)})
        return Debtor(
            customer.customer_id,
            customer.country_code,
            customer.timezone,
            customer.customer_type,
            self.company.region_of(customer.customer_id, customer.country_code),
            named if said else frozenset(),
            named if said is False else frozenset(),
        )

    def hold_day(self, customer: Customer, as_of: dt.date) -> dt.date:
        """A hold until this day, or a later one, is in force: the figures' day, or the one that it still is where the
        customer is, where that is earlier. A hold lasts until its day is over there.

        Where it is not known, in the westernmost place that it may be. Without a moment, the figures' day.
        """
        if self.moment is None:
            return as_of
        question = self._question(self.debtor(customer, Channel.email, None), Channel.email, as_of, ())
        return min(as_of, self.book.today(question))

    def remember(self, customer_id: str, channel: str, day: dt.date, send_from: dt.datetime | None) -> None:
        """One more contact that went out, as `events_of` would read it: for a history that is nowhere else."""
        at = went_at({"went_on": day, "handed_at": None, "send_from": send_from})
        event = Event(at, Channel(channel), Outcome.sent)
        self.events[customer_id] = (*self.events.get(customer_id, ()), event)

    def allow(self, debtor: Debtor, channel: str, day: dt.date) -> tuple[Answer, ...]:
        """Every rule's answer; where all say yes, the last one carries the window."""
        named, history = Channel(channel), self.events.get(debtor.customer_id, ())
        alike = replace(debtor, customer_id="")
        found = self._asked.get((alike, named, day))
        if found is None:
            found = self._asked[alike, named, day] = self._ask(self._question(debtor, named, day, ()), day)
        if not history:
            return found
        question = self._question(debtor, named, day, history)
        return self._as_without_history(question, found) or self._ask(question, day)

    def now_and_next(
        self, debtor: Debtor, channel: str, moment: dt.datetime
    ) -> tuple[Verdict, dt.datetime | None, tuple[Closed, ...]]:
        """What the rules say of a moment, from when on they allow it (None: not as things stand), and which of them
        close whole days until then."""
        history = self.events.get(debtor.customer_id, ())
        question = replace(self._question(debtor, Channel(channel), moment.date(), history), at=moment)
        verdict, following = self.book.check(question), self.book.next_allowed(question)
        return verdict, following, self._closing(question, following, verdict.time_zones)

    def _closing(self, question: Question, following: dt.datetime | None, zones: Sequence[str]) -> tuple[Closed, ...]:
        """The rules of hours that alone say no on a day in between: of a weekend or a holiday."""
        if following is None:
            return ()
        zone = ZoneInfo(zones[0])
        day = question.at.astimezone(zone).date()
        days = min((following.astimezone(zone).date() - day).days, REMEMBERED_DAYS)
        closed: dict[dt.date, dict[str, Asked]] = {}
        for ahead in range(1, days):
            noon = dt.datetime.combine(day + dt.timedelta(days=ahead), dt.time(12), tzinfo=zone)
            refused = [each.rule for each in self.book.check(replace(question, at=noon.astimezone(dt.UTC))).refusals]
            if all(rule.kind == "hours" for rule in refused):
                closed[noon.date()] = {rule.id: rule for rule in refused}
        return tuple(_fewest(closed))

    def _question(self, debtor: Debtor, channel: Channel, day: dt.date, history: tuple[Event, ...]) -> Question:
        return Question(
            at=self.moment or dt.datetime.combine(day, dt.time(12), tzinfo=dt.UTC),
            channel=channel,
            country=(debtor.country_code or "").strip() or self.company.unknown_country,
            region=debtor.region,
            timezone=debtor.timezone,
            is_business=self.company.is_business(debtor.customer_type),
            history=history,
            opted_out=debtor.opted_out,
            authorised=debtor.authorised,
            is_strict=self.company.is_strict,
        )

    def _ask(self, question: Question, day: dt.date) -> tuple[Answer, ...]:
        return self._now(question) if self.moment else self._on(question, day)

    def _as_without_history(self, question: Question, found: tuple[Answer, ...]) -> tuple[Answer, ...] | None:
        """A history only takes away: where it does not touch the beginning of the window, the window is the same."""
        window = found[-1].window
        if window is None or any(event.at >= window[0] for event in question.history):
            return None
        verdict = self.book.check(replace(question, at=window[0]))
        return (*_passed(verdict), found[-1]) if verdict.is_allowed else None

    def _now(self, question: Question) -> tuple[Answer, ...]:
        verdict = self.book.check(question)
        opening = self.book.opening(question, question.at + dt.timedelta(days=1)) if verdict.is_allowed else None
        if opening is None:
            return self._refused(verdict, question)
        saw = f"{question.at:%Y-%m-%d %H:%M} UTC, until {opening[1]:%Y-%m-%d %H:%M}{_noted(verdict)}"
        return (*_passed(verdict), Answer("the law allows this moment", saw, True, window=opening))

    def _on(self, question: Question, day: dt.date) -> tuple[Answer, ...]:
        if self.not_before:
            day = max(day, self.not_before.date())
        bounds = self.book.day(question, day)
        if bounds is None:
            return self._refused(self.book.check(question), question)
        # what was sent on that day already was sent before
        sent = [event.at for event in question.history if event.at < bounds[1]]
        start = max([bounds[0], *([self.not_before] if self.not_before else []), *sent])
        question = replace(question, at=start)
        opening = self.book.opening(question, bounds[1]) if start < bounds[1] else None
        if opening is None:
            noon = bounds[0] + (bounds[1] - bounds[0]) / 2
            return self._refused(self.book.check(replace(question, at=max(noon, start))), question)
        verdict = self.book.check(replace(question, at=opening[0]))
        saw = f"from {opening[0]:%Y-%m-%d %H:%M} to {opening[1]:%Y-%m-%d %H:%M} UTC{_noted(verdict)}"
        return (*_passed(verdict), Answer("the law allows a moment of that day", saw, True, window=opening))

    def _refused(self, verdict: Verdict, question: Question) -> tuple[Answer, ...]:
        """Every rule that says no, by its text; then from when on it would be allowed."""
        following = self.book.next_allowed(question)
        reason = Reason.not_now_by_law if following else Reason.not_by_law
        refused = [
            Answer(f"{each.rule.text} [{each.rule.id}, {each.rule.standing}]", each.saw, False, reason=reason)
            for each in verdict.refusals
        ]
        saw = f"the next is {following:%Y-%m-%d %H:%M} UTC" if following else "none as things stand"
        last = Answer("the law allows a moment of that day", saw + _noted(verdict), False, reason=reason)
        return (*refused, last)


def _fewest(closed: Mapping[dt.date, Mapping[str, Asked]]) -> Iterable[Closed]:
    """For each day one of the rules that close it, and few of them: where the hours of many regions are kept to, each
    of them closes a Sunday, with other hours on other days."""
    left = {day: rules for day, rules in closed.items() if rules}
    while left:
        counts = Counter(id for rules in left.values() for id in rules)
        id = max(counts, key=counts.__getitem__)
        days = tuple(day for day, rules in left.items() if id in rules)
        yield Closed(left[days[0]][id], days)
        left = {day: rules for day, rules in left.items() if day not in days}


def _noted(verdict: Verdict) -> str:
    """What was not known and was taken the strict way, a region among it."""
    return "".join(f"; {note}" for note in verdict.notes)


def _passed(verdict: Verdict) -> Iterable[Answer]:
    """One line per rule: its whole text is shown by `cartera rules list`."""
    for answer in verdict.answers:
        yield Answer(f"{answer.rule.id} ({answer.rule.standing})", answer.saw, True)


def lawful(
    connection: Connection,
    as_of: dt.date,
    policies_dir: Path,
    *,
    customer_ids: Sequence[str] | None = None,
    except_contacts: Sequence[str] = (),
    moment: dt.datetime | None = None,
    not_before: dt.datetime | None = None,
    before: dt.date | None = None,
) -> Lawful:
    """The rules ready to be asked about all customers or those named. Raises ConfigError (the company's own rules).

    `except_contacts`: at the moment of sending, the contacts that are about to be sent. `before`: with contacts of
    earlier days alone, for a look at the past.
    """
    company, book = rules_in(policies_dir / "shared" / "contact_rules.yaml")
    found = events_of(connection, as_of, customer_ids, except_contacts, before)
    return Lawful(book, company, found, moment=moment, not_before=not_before)


def without_history(policies_dir: Path, moment: dt.datetime | None) -> Lawful:
    """The rules ready to be asked what does not depend on messages before. Raises ConfigError as `lawful`."""
    company, book = rules_in(policies_dir / "shared" / "contact_rules.yaml")
    return Lawful(book, company, {}, moment=moment)


def rules_in(path: Path) -> tuple[CompanyRules, Rulebook]:
    """The company's rules, and the book with them. Asked for with every batch, and read when the file has changed."""
    state = path.stat() if path.exists() else None
    return _rules_as_of(path, (state.st_mtime_ns, state.st_size, state.st_ino) if state else None)


@lru_cache(maxsize=8)
def _rules_as_of(path: Path, _state: tuple[int, ...] | None) -> tuple[CompanyRules, Rulebook]:
    company = load_company_rules(path)
    return company, rulebook(company)


def events_of(
    connection: Connection,
    as_of: dt.date,
    customer_ids: Sequence[str] | None = None,
    except_contacts: Sequence[str] = (),
    before: dt.date | None = None,
) -> dict[str, tuple[Event, ...]]:
    """What customers were sent lately, by customer_id; all customers when none is named.

    `before`: only contacts of earlier days, for a look at the past.
    """
    bound = {
        "before": before,
        "since": as_of - dt.timedelta(days=REMEMBERED_DAYS),
        "ids": list(customer_ids) if customer_ids is not None else None,
        "self": list(except_contacts),
        "states": list(OUTCOMES),
    }
    events: dict[str, list[Event]] = {}
    for row in rows(connection, _EVENTS, bound):
        event = Event(went_at(row), Channel(row["channel"]), CALLS.get(row["result"], OUTCOMES[row["status"]]))
        events.setdefault(row["customer_id"], []).append(event)
    return {customer_id: tuple(found) for customer_id, found in events.items()}


def went_at(row: Mapping[str, Any]) -> dt.datetime:
    """When it was handed over, by the debtor's calendar: what the sandbox sent for another day was sent on that day."""
    day: dt.date = row["went_on"]
    for moment in (row.get("done_at"), row["handed_at"], row["send_from"]):
        if moment is not None and abs((moment.date() - day).days) <= 1:
            return moment  # type: ignore[no-any-return]
    return dt.datetime.combine(day, dt.time(12), tzinfo=dt.UTC)


# handed_at is gone from a contact that failed: the day is kept
_EVENTS = """
select customer_id, channel, status, handed_at, send_from, coalesce(contact_date, planned_date) as went_on,
    done_at, result
from ops.contacts left join ops.call_tasks using (contact_id)
where status = any(%(states)s) and coalesce(contact_date, planned_date) >= %(since)s
    and (%(ids)s::text[] is null or customer_id = any(%(ids)s))
    and contact_id <> all(%(self)s::uuid[])
    and (%(before)s::date is null or coalesce(contact_date, planned_date) < %(before)s)
order by went_on, contact_id
"""
