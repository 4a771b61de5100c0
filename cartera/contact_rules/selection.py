"""Which rules are asked of a debtor: those of its residence, its region, the platform and the company, together.

All have to say yes, so the strictest wins. What is not known is taken the strict way and said in a note.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cartera.contact_rules.asker import Asker, Calendar
from cartera.contact_rules.asking import ASKERS, AskHold
from cartera.contact_rules.model import Channel, Debtor, Standing
from cartera.contact_rules.moments import has_calendar, zones_of_country
from cartera.contact_rules.pack import Pack

ALIASES = {"UK": "GB"}
STRONGEST = (Standing.law, Standing.platform, Standing.caution, Standing.policy, Standing.default)


@dataclass(frozen=True)
class Residence:
    """A country and region as packs name them, and what follows from them."""

    country: str
    country_pack: Pack | None
    region_pack: Pack | None
    is_region_known: bool
    notes: tuple[str, ...]

    @property
    def time_zones(self) -> tuple[str, ...]:
        for pack in (self.region_pack, self.country_pack):
            if pack and pack.time_zones:
                return pack.time_zones
        return zones_of_country(self.country)

    @property
    def calendar(self) -> Calendar | None:
        for pack in (self.region_pack, self.country_pack):
            if pack and pack.calendar:
                return pack.calendar.country, pack.calendar.subdivision
        return (self.country, None) if has_calendar(self.country) else None


@dataclass(frozen=True)
class Selected:
    askers: tuple[Asker[Any], ...]
    time_zones: tuple[str, ...]
    notes: tuple[str, ...]


def plain(text: str) -> str:
    """A name without accents and case, so that São Paulo and sao paulo are one."""
    decomposed = unicodedata.normalize("NFKD", text.strip())
    return "".join(each for each in decomposed if not unicodedata.combining(each)).casefold()


def country_code(text: str | None) -> str:
    code = (text or "").strip().upper()
    return ALIASES.get(code, code)


def residence(packs: Sequence[Pack], country: str | None, region: str | None) -> Residence:
    code = country_code(country)
    own = next((pack for pack in packs if pack.applies == "country" and code in pack.countries), None)
    regional = [pack for pack in packs if pack.applies == "region" and code in pack.countries]
    name = plain(region or "").removeprefix(f"{code.casefold()}-")
    found = next((pack for pack in regional if name in map(plain, pack.regions)), None) if name else None
    is_known = found is not None or (bool(name) and own is not None and name in map(plain, own.other_regions))
    notes = []
    if not code:
        notes.append("the country is not known: the strict default applies, which is no law")
    elif own is None:
        notes.append(f"there is no pack of rules for {code}: the strict default applies, which is no law")
    if regional and not is_known:
        what = f"the region {region!r} is not known" if name else "no region is given"
        names = ", ".join(pack.id for pack in regional)
        notes.append(f"{what}: the rules of every region that has its own are kept to ({names})")
    if not code or not (own or has_calendar(code)):
        notes.append("no calendar of public holidays is known: only weekdays count")
    return Residence(code, own, found, is_known, tuple(notes))


def select(
    packs: Sequence[Pack],
    country: str | None,
    region: str | None,
    channel: Channel,
    debtors: Iterable[Debtor],
    *,
    is_strict: bool,
) -> Selected:
    home = residence(packs, country, region)
    chosen = [(pack, lowered) for pack in packs if (lowered := _applies(pack, home, channel)) is not None]
    askers = [
        asker
        for pack, is_lowered in chosen
        for asker in _askers(pack, home, channel, tuple(debtors), is_strict=is_strict, is_lowered=is_lowered)
    ]
    _leave_to_specific(askers, {pack.id for pack, _ in chosen if pack.applies == "everywhere"})
    askers.sort(key=lambda asker: (asker.order, STRONGEST.index(asker.standing)))
    return Selected(tuple(askers), home.time_zones, home.notes)


def _applies(pack: Pack, home: Residence, channel: Channel) -> bool | None:
    """None: not asked. True: asked, but its law may not be the debtor's, so that it is a caution."""
    is_there = home.country in pack.countries
    if pack.applies == "region":
        if is_there and home.is_region_known:
            return False if pack is home.region_pack else None
        return True if is_there else None
    if pack.applies == "platform":
        return False if pack.platform is channel else None
    if pack.applies == "unknown_country":
        return False if home.country_pack is None else None
    if pack.applies == "everywhere":
        return False
    if pack.applies == "company" and not pack.countries:
        return False
    return False if is_there else None


def _askers(
    pack: Pack, home: Residence, channel: Channel, debtors: tuple[Debtor, ...], *, is_strict: bool, is_lowered: bool
) -> Iterable[Asker[Any]]:
    own = pack.calendar
    calendar = (own.country, own.subdivision) if own else home.calendar
    for rule in pack.rules:
        if channel not in rule.channels or rule.kind not in ASKERS or (rule.strict_only and not is_strict):
            continue
        standings = [rule.debtors[debtor] for debtor in debtors if debtor in rule.debtors]
        if not standings:
            continue
        standing = min(standings, key=STRONGEST.index)
        if is_lowered and standing is Standing.law:
            standing = Standing.caution
        yield ASKERS[rule.kind](rule, pack, standing, calendar)


def _leave_to_specific(askers: list[Asker[Any]], general: set[str]) -> None:
    """A kind of hold that a law speaks of is asked of that law only: it may say how long the hold lasts."""
    holds = [asker for asker in askers if isinstance(asker, AskHold)]
    specific = {kind for asker in holds if asker.pack_id not in general for kind in asker.kinds}
    for asker in holds:
        if asker.pack_id in general:
            asker.kinds -= specific
