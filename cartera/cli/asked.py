"""The words of `cartera rules` as a question to the contact rules."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cartera.contact_rules.model import Channel, HoldKind, Place, Recipient
from cartera.errors import ConfigError

if TYPE_CHECKING:
    from cartera.contact_rules import CompanyRules, Hold, Question, Rulebook
    from cartera.reminders.known import Known


def question_of(
    channel: Channel,
    moment: str,
    customer: str | None,
    country: str | None,
    region: str | None,
    timezone: str | None,
    is_business: bool | None,
    history: Path | None,
    authorised: list[Channel] | None,
    opted_out: list[Channel] | None,
    hold: list[str] | None,
    debt: list[str] | None,
    recipient: Recipient,
    place: Place,
    strict: bool,
    company_rules: Path | None,
) -> tuple[Rulebook, Question, list[str]]:
    from cartera.contact_rules import Question
    from cartera.contact_rules.history import read_history

    company, book = company_of(company_rules)
    known = _known(customer, company)
    region = region or known.debtor.region
    code = country_of(country or known.debtor.country_code) or company.unknown_country
    timezone = timezone or known.debtor.timezone
    zone, said = _own_zone(book, code, region, timezone)
    at = _moment(moment)
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    else:
        said = []
    question = Question(
        at=at,
        channel=channel,
        country=code,
        region=region,
        timezone=timezone,
        is_business=company.is_business(known.debtor.customer_type) if is_business is None else is_business,
        debts=frozenset(debt or ()),
        history=read_history(history, zone) if history else known.history,
        holds=(*known.holds, *(_hold(text) for text in hold or ())),
        opted_out=known.debtor.opted_out | frozenset(opted_out or ()),
        authorised=known.debtor.authorised | frozenset(authorised or ()) if authorised or customer else None,
        recipient=recipient,
        place=place,
        is_strict=strict or company.is_strict,
    )
    return book, question, said


def company_of(path: Path | None) -> tuple[CompanyRules, Rulebook]:
    from cartera.contact_rules import load_company_rules, rulebook
    from cartera.settings import get_settings

    if path is not None and not path.exists():
        raise ConfigError(f"{path}: there is no such file", "name the YAML file of the company's own rules")
    company = load_company_rules(path or get_settings().policies_dir / "shared" / "contact_rules.yaml")
    return company, rulebook(company)


def _known(customer: str | None, company: CompanyRules) -> Known:
    from cartera.reminders.known import Known, known_of
    from cartera.reminders.lawful import Debtor

    return known_of(customer, company) if customer else Known(Debtor(""), (), ())


def country_of(text: str | None) -> str | None:
    from babel.core import Locale

    from cartera.contact_rules.selection import country_code

    if text is None:
        return None
    code = country_code(text)
    known = [str(each) for each in Locale("en").territories if len(str(each)) == 2 and each != "ZZ"]
    if code not in known:
        raise ConfigError(f"{text!r} is no country of ISO 3166", "write its two letters, as PE")
    return code


def _own_zone(
    book: Rulebook, country: str | None, region: str | None, timezone: str | None
) -> tuple[ZoneInfo, list[str]]:
    """The zone in which a moment without an offset is meant, and a note where that is a guess."""
    from cartera.contact_rules.moments import zone_named
    from cartera.contact_rules.selection import residence

    if timezone:
        zone = zone_named(timezone)
        if zone is None:
            raise ConfigError(f"{timezone!r} is no time zone", "write it as in the IANA database, e.g. America/Lima")
        return zone, []
    names = residence(book.packs, country, region).time_zones
    zone = ZoneInfo(names[0] if names else "UTC")
    return zone, [] if len(names) == 1 else [
        f"the time is read as that of {zone.key}; --timezone or an offset says more"
    ]


def _moment(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{text!r} is not a moment", "write it as 2026-11-21T10:00 or 2026-11-21T10:00-05:00"
        ) from None


def _hold(text: str) -> Hold:
    from cartera.clock import parse_date
    from cartera.contact_rules import Hold
    from cartera.yaml_config import guess

    kind, _, since = text.partition(":")
    if kind not in list(HoldKind):
        raise ConfigError(f"--hold {kind!r} is not possible", guess(kind, [str(each) for each in HoldKind]))
    return Hold(HoldKind(kind), parse_date(since) if since else None)
