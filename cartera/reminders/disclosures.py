"""Wording that the law of a country requires in a message: data from the contact rules, asked by templates at load."""

from __future__ import annotations

from typing import Protocol

from cartera.reminders.policy import Channel, Language


class Wording(Protocol):
    """`countries`: those that require anything. `texts`: what a message of a channel must say there."""

    @property
    def countries(self) -> tuple[str, ...]: ...

    def texts(self, country_code: str, channel: Channel, language: Language) -> tuple[str, ...]: ...


class NoWording:
    """Where no rule requires any."""

    countries: tuple[str, ...] = ()

    def texts(self, country_code: str, channel: Channel, language: Language) -> tuple[str, ...]:
        return ()
