"""Rules that look at the moment, the channel and the debtor alone; and all that can be asked, by kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from cartera.contact_rules import kinds as spec
from cartera.contact_rules.asker import FAR_DAYS, NEVER, Asker
from cartera.contact_rules.context import Context
from cartera.contact_rules.counted import AskCap, AskDistinctChannels, AskSilence, AskSpacing, start_of
from cartera.contact_rules.model import Hold, Verdict
from cartera.contact_rules.moments import change_of, first_instant, holidays_of


class AskHold(Asker[spec.HoldRule]):
    """`specific`: kinds that a pack of the country speaks of; the general rule leaves these to it."""

    order = 0

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.kinds = frozenset(self.rule.holds)

    def ask(self, context: Context) -> tuple[bool, Any]:
        holding = self._holding(context) if context.question.holds else None
        return not holding, holding

    def _holding(self, context: Context) -> list[tuple[Hold, dt.date | None]]:
        found = []
        today = max(context.today, default=0), min(context.today, default=0)
        debts = context.question.debts
        for hold in context.question.holds:
            if hold.kind not in self.kinds or (hold.debt is not None and debts and hold.debt not in debts):
                continue
            last = self._last(hold)
            # in the easternmost zone it may have begun, in the westernmost it is not over yet
            begun = hold.since is None or hold.since.toordinal() <= today[0] or not today[0]
            if begun and (last is None or last.toordinal() >= today[1]):
                found.append((hold, last))
        return found

    def _last(self, hold: Hold) -> dt.date | None:
        if hold.until is not None or hold.since is None or self.rule.days is None:
            return hold.until
        return hold.since + dt.timedelta(days=self.rule.days - 1)

    def not_before(self, context: Context) -> dt.datetime | None:
        ends = [last for _, last in self._holding(context)]
        if not context.zones or any(last is None for last in ends):
            return NEVER
        last = max(each for each in ends if each is not None)
        return start_of(last + dt.timedelta(days=1), context)

    def say(self, seen: Any) -> str:
        if not seen:
            return "no such hold"
        return "; ".join(
            f"{hold.kind} since {hold.since or 'a day not known'}"
            + (f", until {last}" if last else ", until it is released")
            + (f", debt {hold.debt}" if hold.debt else "")
            for hold, last in seen
        )


class AskOptOut(Asker[spec.OptOutRule]):
    order = 1

    def ask(self, context: Context) -> tuple[bool, Any]:
        question = context.question
        is_out = question.channel in question.opted_out
        return not is_out, (question.channel, is_out)

    def not_before(self, context: Context) -> dt.datetime | None:
        return NEVER

    def say(self, seen: Any) -> str:
        channel, is_out = seen
        return f"opted out of {channel}" if is_out else f"no opt-out of {channel}"


class AskRecipient(Asker[spec.RecipientsRule]):
    order = 2

    def ask(self, context: Context) -> tuple[bool, Any]:
        recipient = context.question.recipient
        return recipient in self.rule.allowed, recipient

    def not_before(self, context: Context) -> dt.datetime | None:
        return NEVER

    def say(self, seen: Any) -> str:
        return f"the recipient is the {str(seen).replace('_', ' ')}"


class AskPlace(Asker[spec.PlaceRule]):
    order = 3

    def ask(self, context: Context) -> tuple[bool, Any]:
        place = context.question.place
        return place not in self.rule.forbidden, place

    def not_before(self, context: Context) -> dt.datetime | None:
        return NEVER

    def say(self, seen: Any) -> str:
        return "an address or number of the debtor's own" if seen == "home" else "an address or number at work"


class AskChannel(Asker[spec.ChannelRule]):
    order = 4

    def ask(self, context: Context) -> tuple[bool, Any]:
        return False, context.question.channel

    def not_before(self, context: Context) -> dt.datetime | None:
        return NEVER

    def say(self, seen: Any) -> str:
        return f"the channel is {seen}"


class AskAuthorisation(Asker[spec.AuthorisationRule]):
    order = 5

    def ask(self, context: Context) -> tuple[bool, Any]:
        question = context.question
        given = question.authorised
        is_given = given is not None and question.channel in given
        return is_given, (question.channel, given is None, is_given)

    def not_before(self, context: Context) -> dt.datetime | None:
        return NEVER

    def say(self, seen: Any) -> str:
        channel, is_unknown, is_given = seen
        if is_unknown:
            return f"it is not known whether the debtor authorised {channel}: taken as no"
        return f"{channel} is authorised" if is_given else f"{channel} is not among the authorised channels"


class AskHours(Asker[spec.HoursRule]):
    order = 10

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.week = tuple(self.rule.open.of(name) for name in spec.DAYS)
        self.holiday = self.rule.open.of("holiday")
        self.holidays: dict[int, Any] = {}

    def spans(self, local: dt.date) -> tuple[spec.Span, ...]:
        if self.calendar:
            year = local.year
            found = self.holidays.get(year)
            if found is None:
                found = self.holidays[year] = frozenset(holidays_of(*self.calendar, year))
            if found and dt.date(year, local.month, local.day) in found:
                return self.holiday
        return self.week[local.weekday()]

    def ask(self, context: Context) -> tuple[bool, Any]:
        for local in context.locals:
            minute = local.hour * 60 + local.minute
            for start, end in self.spans(local):
                if start <= minute < end:
                    break
            else:
                return False, local
        return True, context.locals[0]

    def not_before(self, context: Context) -> dt.datetime | None:
        found = context.question.at
        for zone, local in zip(context.zones, context.locals, strict=True):
            opens = self._opens(local, context.question.at, zone)
            if opens is None:
                return NEVER
            found = max(found, opens)
        return found

    def _opens(self, local: dt.datetime, at: dt.datetime, zone: Any) -> dt.datetime | None:
        minute = local.hour * 60 + local.minute
        if any(start <= minute < end for start, end in self.spans(local)):
            return at
        today = local.date()
        for ahead in range(FAR_DAYS):
            date = today + dt.timedelta(days=ahead)
            starts = [first_instant(date, start, zone, at) for start, _ in self.spans(date)]
            later = [moment for moment in starts + self._set_back(date, zone) if moment > at]
            if later:
                return min(later)
        return NEVER

    def closes(self, context: Context) -> dt.datetime:
        """The end of the hours that an allowed moment is in, in the first of the zones to reach it."""
        ends = []
        for zone, local in zip(context.zones, context.locals, strict=True):
            minute = local.hour * 60 + local.minute
            end = next(end for start, end in self.spans(local) if start <= minute < end)
            date = local.date() + dt.timedelta(days=end // (24 * 60))
            ends.append(first_instant(date, end % (24 * 60), zone, context.question.at))
        return min(ends)

    def _set_back(self, date: dt.date, zone: Any) -> list[dt.datetime]:
        """The moment of that day at which clocks are set back into a span that had ended."""
        change = change_of(date, zone)
        if change is None:
            return []
        local = change.astimezone(zone)
        minute = local.hour * 60 + local.minute
        return [change] if any(start <= minute < end for start, end in self.spans(local)) else []

    def say(self, seen: Any) -> str:
        return self.say_of(seen, self.spans(seen.date()))

    def say_of(self, seen: dt.datetime, spans: Iterable[spec.Span]) -> str:
        date = seen.date()
        name = holidays_of(*self.calendar, date.year).get(date) if self.calendar else None
        told = ", ".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in spans)
        return f"{seen:%a %Y-%m-%d %H:%M} in {seen.tzinfo}{f' ({name})' if name else ''}; that day: {told or 'none'}"


def why_not(verdict: Verdict) -> tuple[str, ...]:
    """What each rule that says no saw. Of the hours of several what all of them leave open, once for each zone: that a
    day is open by one and closed by another reads as if they contradicted each other."""
    told: dict[str, str] = {}
    for answer in verdict.refusals:
        if not isinstance(answer.rule, AskHours):
            told[answer.rule.id] = answer.saw
            continue
        seen: dt.datetime = answer.seen
        hours = [each.rule for each in verdict.answers if isinstance(each.rule, AskHours)]
        spans = _common(rule.spans(seen.date()) for rule in hours)
        is_closed = not answer.rule.spans(seen.date())
        if is_closed or str(seen.tzinfo) not in told:
            told[str(seen.tzinfo)] = answer.rule.say_of(seen, spans)
    return tuple(told.values())


def _common(each: Iterable[Sequence[spec.Span]]) -> tuple[spec.Span, ...]:
    found: tuple[spec.Span, ...] = ((0, 24 * 60),)
    for spans in each:
        both = [(max(a, c), min(b, d)) for a, b in found for c, d in spans]
        found = tuple((start, end) for start, end in both if start < end)
    return found


ASKERS: dict[str, type[Asker[Any]]] = {
    "hold": AskHold,
    "opt_out": AskOptOut,
    "recipients": AskRecipient,
    "place": AskPlace,
    "channel": AskChannel,
    "authorisation": AskAuthorisation,
    "hours": AskHours,
    "cap": AskCap,
    "distinct_channels": AskDistinctChannels,
    "spacing": AskSpacing,
    "silence": AskSilence,
}
"""Of the kinds of rules that can be asked; the others say what messages must state, or are notes."""
