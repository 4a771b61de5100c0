"""The engine: may this debtor be contacted now, and when next? Pure: no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from cartera.contact_rules.asking import AskHours
from cartera.contact_rules.company import CompanyRules
from cartera.contact_rules.context import Context
from cartera.contact_rules.kinds import DisclosureRule, WordingRule
from cartera.contact_rules.model import (
    Answer,
    Channel,
    Debtor,
    Level,
    Question,
    Requirement,
    Source,
    Standing,
    Verdict,
)
from cartera.contact_rules.moments import first_instant, zone_named
from cartera.contact_rules.pack import Pack, load_packs
from cartera.contact_rules.selection import Selected, _applies, residence, select

HORIZON = dt.timedelta(days=400)
CONSUMER, BUSINESS, EITHER = (Debtor.consumer,), (Debtor.business,), (Debtor.consumer, Debtor.business)


class Stated(NamedTuple):
    """A rule as it is shown where nothing is asked of it; and the engine's own."""

    id: str
    pack_id: str
    kind: str
    text: str
    standing: Standing
    level: Level
    sources: tuple[Source, ...] = ()

    def say(self, seen: Any) -> str:
        return str(seen)


NO_TIME_ZONE = Stated(
    "time_zone_known",
    "GENERAL",
    "time_zone",
    "Hours and days are those of the debtor; where neither a time zone nor a country is known, no moment is safe.",
    Standing.default,
    Level.product_default,
)


class Rulebook:
    """The packs of the product and, after them, the company's own."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        self.packs = tuple(packs)
        self._selected: dict[Any, Selected] = {}
        self._zones: dict[Any, tuple[tuple[ZoneInfo, ...], tuple[str, ...]]] = {}

    def with_company(self, *packs: Pack) -> Rulebook:
        """The same with rules of the company's own added: they can forbid more, never allow more."""
        return Rulebook((*self.packs, *packs))

    def check(self, question: Question) -> Verdict:
        """Ask every rule."""
        selected = self._select(question)
        zones, zone_notes = self._time_zones(question, selected)
        context = Context(question, zones)
        answers = []
        is_allowed = True
        if not zones:
            is_allowed = False
            answers.append(Answer(NO_TIME_ZONE, False, "neither is known"))
        for asker in selected.askers:
            if not zones and asker.order >= 10:
                continue
            passed, seen = asker.ask(context)
            is_allowed = is_allowed and passed
            answers.append(Answer(asker, passed, seen))
        names = tuple(zone.key for zone in zones)
        return Verdict(is_allowed, tuple(answers), selected.notes + zone_notes, names)

    def next_allowed(self, question: Question, *, horizon: dt.timedelta = HORIZON) -> dt.datetime | None:
        """The first moment from `question.at` on, in UTC, that every rule allows if nothing more happens.

        None when there is none within the horizon: a hold that has no end, an opt-out, a consent not given.
        """
        selected = self._select(question)
        zones, _ = self._time_zones(question, selected)
        if not zones:
            return None
        moment, end = question.at, question.at + horizon
        while moment <= end:
            context = Context(replace(question, at=moment), zones)
            bounds = [asker.not_before(context) for asker in selected.askers if not asker.ask(context)[0]]
            if not bounds:
                return moment
            known = [bound for bound in bounds if bound is not None]
            if len(known) < len(bounds) or max(known) <= moment:
                return None
            moment = max(known).astimezone(dt.UTC)
        return None

    def opening(self, question: Question, until: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
        """The first stretch of allowed moments from `question.at` on that begins before `until`: its two ends.

        It ends where hours end at the latest; what else may end it has to be asked again. None: there is none.
        """
        start = self.next_allowed(question, horizon=until - question.at)
        if start is None or start >= until:
            return None
        selected = self._select(question)
        context = Context(replace(question, at=start), self._time_zones(question, selected)[0])
        ends = [asker.closes(context) for asker in selected.askers if isinstance(asker, AskHours)]
        return start, min(ends, default=until)

    def day(self, question: Question, date: dt.date) -> tuple[dt.datetime, dt.datetime] | None:
        """When a day begins in the first of the debtor's time zones, and when it has ended in all; None: no zone."""
        zones, _ = self._time_zones(question, self._select(question))
        if not zones:
            return None
        begins = min(first_instant(date, 0, zone) for zone in zones)
        return begins, max(first_instant(date + dt.timedelta(days=1), 0, zone) for zone in zones)

    def today(self, question: Question) -> dt.date:
        """The day that it still is at `question.at` in the westernmost of the debtor's time zones; UTC without any."""
        zones, _ = self._time_zones(question, self._select(question))
        return min((question.at.astimezone(zone).date() for zone in zones), default=question.at.date())

    def requirements(
        self, country: str | None, channel: Channel, *, region: str | None = None, is_business: bool | None = None
    ) -> tuple[Requirement, ...]:
        """What messages must say, and must not: for templates to be checked against."""
        debtors = _kinds(is_business)
        found = []
        for pack in self.packs_of(country, channel, region=region):
            for rule in pack.rules:
                is_asked = channel in rule.channels and any(debtor in rule.debtors for debtor in debtors)
                if is_asked and isinstance(rule, (DisclosureRule, WordingRule)):
                    phrases = {str(language): texts for language, texts in rule.phrases.items()}
                    stated, must = _stated(pack, rule, debtors), isinstance(rule, DisclosureRule)
                    found.append(Requirement(stated, rule.key, must, rule.when, phrases))
        return tuple(found)

    def packs_of(
        self, country: str | None, channel: Channel | None = None, *, region: str | None = None
    ) -> tuple[Pack, ...]:
        """The packs that are asked for a residence; those of all platforms where no channel is named."""
        home = residence(self.packs, country, region)
        return tuple(
            pack for pack in self.packs if _applies(pack, home, channel or pack.platform or Channel.email) is not None
        )

    def _select(self, question: Question) -> Selected:
        key = (question.country, question.region, question.channel, question.is_business, question.is_strict)
        found = self._selected.get(key)
        if found is None:
            found = self._selected[key] = select(
                self.packs,
                question.country,
                question.region,
                question.channel,
                _kinds(question.is_business),
                is_strict=question.is_strict,
            )
        return found

    def _time_zones(self, question: Question, selected: Selected) -> tuple[tuple[ZoneInfo, ...], tuple[str, ...]]:
        key = (question.timezone, selected.time_zones)
        found = self._zones.get(key)
        if found is None:
            found = self._zones[key] = _time_zones(question.timezone, selected.time_zones)
        return found


def _time_zones(given: str | None, possible: tuple[str, ...]) -> tuple[tuple[ZoneInfo, ...], tuple[str, ...]]:
    own = zone_named(given) if given else None
    if own:
        return (own,), ()
    notes: tuple[str, ...] = (f"the time zone {given!r} is not known",) if given else ()
    zones = tuple(zone for name in possible if (zone := zone_named(name)))
    if len(zones) > 1:
        notes += (f"no time zone is given: it must be allowed in all {len(zones)} of the country",)
    return zones, notes


def _kinds(is_business: bool | None) -> tuple[Debtor, ...]:
    return EITHER if is_business is None else BUSINESS if is_business else CONSUMER


def _stated(pack: Pack, rule: Any, debtors: Iterable[Debtor]) -> Stated:
    standings = [rule.debtors[debtor] for debtor in debtors if debtor in rule.debtors]
    sources = tuple(each for each in pack.sources if each.key in rule.sources)
    return Stated(rule.id, pack.id, rule.kind, rule.text, standings[0], rule.level, sources)


@cache
def product_rulebook() -> Rulebook:
    """The packs that come with Cartera."""
    return Rulebook(load_packs())


def rulebook(company: CompanyRules | None = None) -> Rulebook:
    """The packs and, where the company has rules of its own, those too."""
    own = company.pack() if company else None
    return product_rulebook().with_company(own) if own else product_rulebook()
