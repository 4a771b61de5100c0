"""The YAML of a pack: what one country's, region's or platform's rules say, where from, and how sure we are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cartera.contact_rules.model import (
    Channel,
    Debtor,
    HoldKind,
    Level,
    Place,
    Recipient,
    Standing,
    Unit,
    Window,
)
from cartera.errors import ConfigError
from cartera.yaml_config import line_of, load_yaml_model

PACKS_DIR = Path(__file__).parent / "packs"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPAN = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
ALL_CHANNELS = tuple(Channel)

Text = Annotated[str, Field(min_length=1, max_length=1000)]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Span = tuple[int, int]
"""Minutes after midnight; the end is not part of it."""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PackSource(Strict):
    key: Id
    title: Text
    url: str | None = None
    level: Level


class Scope(Strict):
    consumer: bool | Text
    business: bool | Text
    who: Text | None = None
    note: Text | None = None


class Calendar(Strict):
    """A calendar of the `holidays` library."""

    country: str = Field(pattern=r"^[A-Z]{2}$")
    subdivision: str | None = None


class RuleBase(Strict):
    id: Id
    text: Text
    level: Level
    debtors: dict[Debtor, Standing] = Field(min_length=1)
    """Whom it is asked for, and how much it weighs there."""
    channels: tuple[Channel, ...]
    sources: tuple[Id, ...] = ()
    strict_only: bool = False
    note: Text | None = None

    @field_validator("channels", mode="before")
    @classmethod
    def _all(cls, value: object) -> object:
        return ALL_CHANNELS if value == "all" else value


class HoldRule(RuleBase):
    kind: Literal["hold"]
    holds: tuple[HoldKind, ...] = Field(min_length=1)
    days: int | None = Field(default=None, ge=1, strict=True)
    """How long it lasts from its first day, where the law says so."""


class OptOutRule(RuleBase):
    kind: Literal["opt_out"]


class RecipientsRule(RuleBase):
    kind: Literal["recipients"]
    allowed: tuple[Recipient, ...] = Field(min_length=1)


class PlaceRule(RuleBase):
    kind: Literal["place"]
    forbidden: tuple[Place, ...] = Field(min_length=1)


class ChannelRule(RuleBase):
    """These channels are not used at all."""

    kind: Literal["channel"]


class AuthorisationRule(RuleBase):
    """Only with the debtor's own consent to the channel."""

    kind: Literal["authorisation"]


class Hours(Strict):
    """`mon_fri` stands for five days. A holiday has its own hours, whatever weekday it falls on; [] is never."""

    mon_fri: tuple[str, ...] | None = None
    mon: tuple[str, ...] | None = None
    tue: tuple[str, ...] | None = None
    wed: tuple[str, ...] | None = None
    thu: tuple[str, ...] | None = None
    fri: tuple[str, ...] | None = None
    sat: tuple[str, ...]
    sun: tuple[str, ...]
    holiday: tuple[str, ...]

    @field_validator("*")
    @classmethod
    def _spans(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        end = -1
        for text in value or ():
            start, stop = span_of(text)
            if start < end:
                raise ValueError(f"{text!r} begins before the span in front of it ends")
            end = stop
        return value

    @model_validator(mode="after")
    def _every_day(self) -> Hours:
        for day in DAYS[:5]:
            if self.mon_fri is None and getattr(self, day) is None:
                raise ValueError(f"nothing is said of {day}; write its hours, or [] for never")
        return self

    def of(self, day: str) -> tuple[Span, ...]:
        """The spans of `mon` ... `sun` or `holiday`."""
        own = getattr(self, day)
        return tuple(span_of(text) for text in (self.mon_fri if own is None else own) or ())


class HoursRule(RuleBase):
    kind: Literal["hours"]
    open: Hours


class Counting(RuleBase):
    unit: Unit
    window: Window
    days: int | None = Field(default=None, ge=1, le=366, strict=True)

    @model_validator(mode="after")
    def _days(self) -> Counting:
        if (self.window is Window.rolling_days) != (self.days is not None):
            raise ValueError("`days` goes with `window: rolling_days`, and only with it")
        return self


class CapRule(Counting):
    """At most so many of these channels together in the window."""

    kind: Literal["cap"]
    max: int = Field(ge=0, strict=True)
    scope: Literal["debtor", "debt"] = "debtor"
    places: tuple[Place, ...] = tuple(Place)


class DistinctChannelsRule(Counting):
    """At most so many different channels in the window."""

    kind: Literal["distinct_channels"]
    max: int = Field(ge=1, strict=True)


class SpacingRule(RuleBase):
    """So many days between one and the next: on the calendar and by the clock, the later of the two."""

    kind: Literal["spacing"]
    unit: Unit
    days: int = Field(ge=1, le=366, strict=True)


class SilenceRule(RuleBase):
    """After a conversation, whoever called, no more for so many days; its own day is the first of them."""

    kind: Literal["silence"]
    days: int = Field(ge=1, le=366, strict=True)
    after: tuple[Channel, ...] = Field(min_length=1)
    scope: Literal["debtor", "debt"] = "debtor"


class WordingBase(RuleBase):
    key: Id
    when: Literal["every_message", "first_contact", "voicemail", "before_first_contact"] = "every_message"
    phrases: dict[Literal["es", "en", "pt"], tuple[Text, ...]] = {}


class DisclosureRule(WordingBase):
    """Must be said."""

    kind: Literal["disclosure"]


class WordingRule(WordingBase):
    """Must not be said or done."""

    kind: Literal["wording"]


class NoteRule(RuleBase):
    """What the law also says, and no question about a moment can ask: records, fees, credit files."""

    kind: Literal["note"]


Rule = Annotated[
    HoldRule
    | OptOutRule
    | RecipientsRule
    | PlaceRule
    | ChannelRule
    | AuthorisationRule
    | HoursRule
    | CapRule
    | DistinctChannelsRule
    | SpacingRule
    | SilenceRule
    | DisclosureRule
    | WordingRule
    | NoteRule,
    Field(discriminator="kind"),
]


class Pack(Strict):
    id: str = Field(pattern=r"^[A-Z][A-Z0-9-]{1,29}$")
    name: Text
    applies: Literal["country", "region", "supplement", "platform", "everywhere", "unknown_country", "company"]
    """supplement: beside a country's own pack. unknown_country: where there is no pack of the country."""
    countries: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = ()
    regions: tuple[Text, ...] = ()
    """Codes (ISO 3166-2) and names of the one region."""
    other_regions: tuple[Text, ...] = ()
    """Of a country with regional packs: codes of the regions that are known and have none."""
    platform: Channel | None = None
    time_zones: tuple[str, ...] = ()
    calendar: Calendar | None = None
    is_verified: bool
    confidence: Text
    scope: Scope
    legal_basis: tuple[Text, ...] = ()
    regulators: tuple[Text, ...] = ()
    rules: tuple[Rule, ...] = Field(min_length=1)
    conflicts: tuple[Text, ...] = ()
    unverified: tuple[Text, ...] = ()
    sources: tuple[PackSource, ...] = ()

    @field_validator("time_zones")
    @classmethod
    def _zones(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            try:
                ZoneInfo(name)
            except (KeyError, OSError, ValueError):
                raise ValueError(f"{name!r} is no time zone of the IANA database") from None
        return value


def span_of(text: str) -> Span:
    """`08:00-20:00` in minutes after midnight. Raises ValueError."""
    found = SPAN.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no span of hours; write it as 08:00-20:00")
    start, end = (int(found[i]) * 60 + int(found[i + 1]) for i in (1, 3))
    if not start < end <= 24 * 60:
        raise ValueError(f"{text!r} ends before it begins; a day ends at 24:00")
    return start, end


def load_pack(path: Path) -> Pack:
    """One pack. Raises ConfigError with file and line."""
    pack = load_yaml_model(path, Pack)
    _check_places(path, pack)
    keys = frozenset(source.key for source in pack.sources)
    check_rules(path, pack.rules, keys, is_verified=pack.is_verified, is_company=pack.applies == "company")
    return pack


def check_rules(
    path: Path,
    rules: Sequence[Rule],
    keys: frozenset[str] = frozenset(),
    *,
    is_verified: bool = True,
    is_company: bool,
) -> None:
    """What no single rule can say of itself. Raises ConfigError with file and line."""
    seen: set[str] = set()
    for index, rule in enumerate(rules):
        problem = _problem(rule, keys, seen, is_verified=is_verified, is_company=is_company)
        if problem:
            key, message = problem
            line = line_of(path, ("rules", index, key))
            raise ConfigError(f"{path}:{line}: rules.{index}.{key}: {message}", f"correct {path.name} and run again")
        seen.add(rule.id)


def _check_places(path: Path, pack: Pack) -> None:
    needs = {
        "country": ("countries", bool(pack.countries)),
        "supplement": ("countries", bool(pack.countries)),
        "region": ("regions", len(pack.countries) == 1 and bool(pack.regions)),
        "platform": ("platform", pack.platform is not None),
    }
    key, is_given = needs.get(pack.applies, ("", True))
    if not is_given:
        line = line_of(path, ("applies",))
        raise ConfigError(f"{path}:{line}: a pack that applies to a {pack.applies} names its {key}", f"add {key}")


def _problem(
    rule: Rule, keys: frozenset[str], seen: set[str], *, is_verified: bool, is_company: bool
) -> tuple[str, str] | None:
    """What one rule says that the rest of the pack forbids: the key and the message."""
    if rule.id in seen:
        return "id", f"{rule.id!r} is used twice"
    unknown = [key for key in rule.sources if key not in keys]
    if unknown:
        return "sources", f"{unknown[0]!r} is none of the pack's sources"
    is_ours = rule.level in (Level.product_default, Level.company)
    if not is_ours and not rule.sources:
        return "id", "a fact names its source"
    standings = set(rule.debtors.values())
    is_sure = rule.level in (Level.primary_text, Level.official_summary, Level.secondary_multiple)
    if standings & {Standing.law, Standing.platform} and not (is_verified and is_sure):
        return "debtors", "what is not verified is no `law`; write `caution`"
    is_own = rule.level is Level.company
    if is_company != is_own or (Standing.policy in standings) != is_own:
        return "level", "`level: company` and the standing `policy` belong to the company's own rules"
    return None


def load_packs(folder: Path = PACKS_DIR) -> tuple[Pack, ...]:
    """All packs of a folder, by file name."""
    packs = tuple(load_pack(path) for path in sorted(folder.glob("*.yaml")))
    ids = [pack.id for pack in packs]
    repeated = {name for name in ids if ids.count(name) > 1}
    if repeated:
        raise ConfigError(f"{folder}: the pack {repeated.pop()} is there twice", "keep one of them")
    return packs
