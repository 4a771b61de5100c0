"""Rules that count what was sent before: caps, channels of a week, spacing, silence after a talk."""

from __future__ import annotations

import datetime as dt
from typing import Any

from cartera.contact_rules import kinds as spec
from cartera.contact_rules.asker import NEVER, Asker, RuleT
from cartera.contact_rules.context import Context, day, touches
from cartera.contact_rules.model import Channel, Unit, Window
from cartera.contact_rules.moments import first_instant

COUNTED_AS = {Unit.attempt: "tried", Unit.delivered: "delivered", Unit.contact: "contacts made"}


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


def start_of(date: dt.date, context: Context) -> dt.datetime:
    """When the day has begun in every zone."""
    return max(first_instant(date, 0, zone) for zone in context.zones)
