"""One question made ready to be asked of many rules: local times and days are worked out once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from cartera.contact_rules.model import SPOKEN, Channel, Event, Outcome, Question, Unit

ARRIVED = frozenset({Outcome.sent, Outcome.unknown, Outcome.delivered, Outcome.answered})
SPOKE = frozenset({Outcome.sent, Outcome.unknown, Outcome.answered})
COUNTED: Mapping[Unit, Mapping[Channel, frozenset[Outcome]]] = {
    Unit.attempt: dict.fromkeys(Channel, frozenset(Outcome)),
    Unit.delivered: dict.fromkeys(Channel, ARRIVED),
    Unit.contact: {channel: SPOKE if channel in SPOKEN else ARRIVED for channel in Channel},
}


class Context:
    __slots__ = ("_days", "events", "locals", "question", "today", "zones")

    def __init__(self, question: Question, zones: tuple[ZoneInfo, ...]) -> None:
        self.question = question
        self.zones = zones
        at = question.at
        self.locals = [at.astimezone(zone) for zone in zones]
        self.today = [local.toordinal() for local in self.locals]
        self.events: list[Event] = [event for event in question.history if event.at <= at]
        self._days: list[list[int] | None] = [None] * len(zones)

    def days(self, zone: int) -> list[int]:
        """The day (ordinal) of each event in the zone of that number."""
        found = self._days[zone]
        if found is None:
            tz = self.zones[zone]
            found = self._days[zone] = [event.at.astimezone(tz).toordinal() for event in self.events]
        return found

    def counted(self, unit: Unit, channels: Iterable[Channel]) -> list[int]:
        """The numbers of the events that count: ours, of these channels, with an outcome that the unit counts."""
        outcomes = COUNTED[unit]
        return [
            number
            for number, event in enumerate(self.events)
            if not event.is_inbound and event.channel in channels and event.outcome in outcomes[event.channel]
        ]

    def debts(self) -> Iterable[str | None]:
        """Each debt that the contact is about; None when it is not known: then every event counts."""
        return self.question.debts or (None,)


def touches(event: Event, debt: str | None) -> bool:
    """Whether an event is about a debt; it is when either is not known."""
    return debt is None or not event.debts or debt in event.debts


def day(ordinal: int) -> dt.date:
    return dt.date.fromordinal(ordinal)
