"""The YAML of a pack: what one country's, region's or platform's rules say, where from, and how sure we are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from cartera.contact_rules.kinds import (
    Id,
    Rule,
    Strict,
    Text,
)
from cartera.contact_rules.model import (
    Channel,
    Level,
    Standing,
)
from cartera.errors import ConfigError
from cartera.yaml_config import line_of, load_yaml_model

PACKS_DIR = Path(__file__).parent / "packs"


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
