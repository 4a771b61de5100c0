"""Rules that can be asked. Each answers a question, and says from when on it could answer otherwise.

`ask` gives what it saw; `not_before`, called after a no, a moment before which it surely still says no (None: it
never will say yes by itself). The search for the next allowed moment leans on that promise.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Generic, TypeVar

from cartera.contact_rules import pack as spec
from cartera.contact_rules.context import Context, day, touches
from cartera.contact_rules.model import Channel, Hold, Level, Source, Standing, Unit, Window
from cartera.contact_rules.moments import change_of, first_instant, holidays_of

RuleT = TypeVar("RuleT", bound=spec.RuleBase)
NEVER = None
FAR_DAYS = 400
Calendar = tuple[str, str | None]
COUNTED_AS = {Unit.attempt: "tried", Unit.delivered: "delivered", Unit.contact: "contacts made"}


class Asker(Generic[RuleT]):
    """A rule of a pack for one kind of debtor and one calendar of holidays."""

    order = 50

    def __init__(self, rule: RuleT, pack: spec.Pack, standing: Standing, calendar: Calendar | None) -> None:
        self.rule = rule
        self.id = rule.id
        self.kind: str = getattr(rule, "kind", "")
        self.pack_id = pack.id
        self.text = rule.text
        self.level: Level = rule.level
        self.standing = standing
        self.calendar = calendar
        self.channels = frozenset(rule.channels)
        self.sources: tuple[Source, ...] = tuple(each for each in pack.sources if each.key in rule.sources)

    def ask(self, context: Context) -> tuple[bool, Any]:
        raise NotImplementedError

    def not_before(self, context: Context) -> dt.datetime | None:
        raise NotImplementedError

    def say(self, seen: Any) -> str:
        return str(seen)


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
        return _start_of(last + dt.timedelta(days=1), context)

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
        date = seen.date()
        name = holidays_of(*self.calendar, date.year).get(date) if self.calendar else None
        spans = ", ".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in self.spans(date))
        return f"{seen:%a %Y-%m-%d %H:%M} in {seen.tzinfo}{f' ({name})' if name else ''}; that day: {spans or 'none'}"


class AskCounted(Asker[RuleT]):
    """What caps and distinct channels share: the events of a window."""

    order = 20
    window: Window
    length: int

    def first_day(self, today: int) -> int:
        if self.window is Window.day:
            return today
        if self.window is Window.calendar_week:
            return today - (today - 1) % 7  # ordinal 1 was a Monday
        return today - self.length + 1

    def last_day(self, first: int) -> int:
        return first + {Window.day: 1, Window.calendar_week: 7, Window.rolling_days: self.length}[self.window] - 1

    def span(self) -> str:
        return {
            Window.day: "that day",
            Window.calendar_week: "that week, Monday to Sunday",
            Window.rolling_days: f"the {self.length} days up to it",
        }[self.window]


class AskCap(AskCounted[spec.CapRule]):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.window, self.length = self.rule.window, self.rule.days or 0
        self.places = frozenset(self.rule.places)

    def ask(self, context: Context) -> tuple[bool, Any]:
        if context.question.place not in self.places:
            return True, None
        most = 0
        if context.events:
            for _zone, days in self._days(context):
                most = max(most, len(days))
        return most < self.rule.max, most

    def _days(self, context: Context) -> list[tuple[int, list[int]]]:
        """Per zone and debt: the days of the events that count."""
        events = context.events
        numbers = [
            number
            for number in context.counted(self.rule.unit, self.channels)
            if (place := events[number].place) is None or place in self.places
        ]
        found = []
        per_debt = context.debts() if self.rule.scope == "debt" else (None,)
        for zone, today in enumerate(context.today):
            first, days = self.first_day(today), context.days(zone)
            for debt in per_debt:
                found.append((zone, [days[n] for n in numbers if days[n] >= first and touches(events[n], debt)]))
        return found

    def not_before(self, context: Context) -> dt.datetime | None:
        if self.rule.max == 0:
            return NEVER
        found = context.question.at
        for zone, days in self._days(context):
            if len(days) < self.rule.max:
                continue
            if self.window is Window.rolling_days:
                # so many of the oldest have to fall out of the window
                free = sorted(days)[len(days) - self.rule.max] + self.length
            else:
                free = self.last_day(self.first_day(context.today[zone])) + 1
            found = max(found, first_instant(day(free), 0, context.zones[zone]))
        return found

    def say(self, seen: Any) -> str:
        if seen is None:
            return "another kind of address"
        return f"{seen} {COUNTED_AS[self.rule.unit]} in {self.span()}, at most {self.rule.max}"


class AskDistinctChannels(AskCounted[spec.DistinctChannelsRule]):
    order = 21

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.window, self.length = self.rule.window, self.rule.days or 0

    def ask(self, context: Context) -> tuple[bool, Any]:
        for zone in range(len(context.zones)):
            used = self._used(context, zone)
            if len(used | {context.question.channel}) > self.rule.max:
                return False, used
        return True, used if context.events else frozenset()

    def _used(self, context: Context, zone: int) -> frozenset[Channel]:
        if not context.events:
            return frozenset()
        first, days = self.first_day(context.today[zone]), context.days(zone)
        numbers = context.counted(self.rule.unit, self.channels)
        return frozenset(context.events[n].channel for n in numbers if days[n] >= first)

    def not_before(self, context: Context) -> dt.datetime | None:
        found = context.question.at
        for zone, today in enumerate(context.today):
            if len(self._used(context, zone) | {context.question.channel}) <= self.rule.max:
                continue
            if self.window is Window.rolling_days:
                first, days = self.first_day(today), context.days(zone)
                numbers = context.counted(self.rule.unit, self.channels)
                free = min(days[n] for n in numbers if days[n] >= first) + self.length
            else:
                free = self.last_day(self.first_day(today)) + 1
            found = max(found, first_instant(day(free), 0, context.zones[zone]))
        return found

    def say(self, seen: Any) -> str:
        used = ", ".join(sorted(seen)) or "no channel"
        return f"{used} used in {self.span()}, at most {self.rule.max}"


class AskSpacing(Asker[spec.SpacingRule]):
    order = 22

    def ask(self, context: Context) -> tuple[bool, Any]:
        last = self._last(context)
        if last is None:
            return True, None
        return self._free(context, last) <= context.question.at, context.events[last].at

    def _last(self, context: Context) -> int | None:
        if not context.events:
            return None
        numbers = context.counted(self.rule.unit, self.channels)
        return max(numbers, key=lambda n: context.events[n].at, default=None)

    def _free(self, context: Context, last: int) -> dt.datetime:
        free = context.events[last].at + dt.timedelta(days=self.rule.days)
        for zone, tz in enumerate(context.zones):
            free = max(free, first_instant(day(context.days(zone)[last] + self.rule.days), 0, tz))
        return free

    def not_before(self, context: Context) -> dt.datetime | None:
        last = self._last(context)
        return context.question.at if last is None else self._free(context, last)

    def say(self, seen: Any) -> str:
        return f"the last one was at {seen:%Y-%m-%d %H:%M %Z}" if seen else "none before"


class AskSilence(Asker[spec.SilenceRule]):
    order = 23

    def ask(self, context: Context) -> tuple[bool, Any]:
        talks = self._talks(context) if context.events else []
        for zone, today in enumerate(context.today):
            days = context.days(zone)
            if any(today - days[n] < self.rule.days for n in talks):
                return False, max(context.events[n].at for n in talks)
        return True, None

    def _talks(self, context: Context) -> list[int]:
        """Conversations, or what may have been one."""
        per_debt = tuple(context.debts()) if self.rule.scope == "debt" else (None,)
        counts = ("answered", "unknown", "sent")
        return [
            number
            for number, event in enumerate(context.events)
            if event.channel in self.rule.after
            and event.outcome in counts
            and any(touches(event, debt) for debt in per_debt)
        ]

    def not_before(self, context: Context) -> dt.datetime | None:
        found = context.question.at
        talks = self._talks(context)
        for zone, today in enumerate(context.today):
            days = [context.days(zone)[n] for n in talks]
            recent = [each for each in days if today - each < self.rule.days]
            if recent:
                found = max(found, first_instant(day(max(recent) + self.rule.days), 0, context.zones[zone]))
        return found

    def say(self, seen: Any) -> str:
        return f"a conversation at {seen:%Y-%m-%d %H:%M %Z}" if seen else "no conversation lately"


def _start_of(date: dt.date, context: Context) -> dt.datetime:
    """When the day has begun in every zone."""
    return max(first_instant(date, 0, zone) for zone in context.zones)


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
