"""A second reader of the packs that shares no code with the engine: slow, plain, one question at a time.

It takes the YAML as dicts and lists, walks through all rules of all packs for each question, and knows no cache, no
compiled form and no search. `allowed` gives the ids of the rules that say no.
"""

from __future__ import annotations

import datetime as dt
import functools
import unicodedata
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import yaml
from babel.core import get_global

PACKS = Path(__file__).parents[2] / "cartera" / "contact_rules" / "packs"
CHANNELS = ["email", "sms", "whatsapp", "push", "letter", "voice", "call", "visit"]
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def read_packs(folder: Path = PACKS) -> list[dict[str, Any]]:
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))]


def refusals(packs: list[dict[str, Any]], question: dict[str, Any]) -> set[str]:
    """The rules that say no to the question; empty when it is allowed."""
    country = (question.get("country") or "").strip().upper()
    country = "GB" if country == "UK" else country
    region = _fold(question.get("region") or "")
    if country and region.startswith(country.lower() + "-"):
        region = region[len(country) + 1 :]
    asked = _asked_packs(packs, country, region, question["channel"])
    zones = _zones(packs, country, region, question.get("timezone"))
    said_no = set() if zones else {"time_zone_known"}
    kinds = {True: ["business"], False: ["consumer"], None: ["consumer", "business"]}[question.get("is_business")]
    country_holds = {
        kind
        for pack in asked
        if pack["applies"] != "everywhere"
        for rule in pack["rules"]
        if rule["kind"] == "hold" and _concerns(rule, question, kinds)
        for kind in rule["holds"]
    }
    for pack in asked:
        for rule in pack["rules"]:
            if not _concerns(rule, question, kinds):
                continue
            calendar = pack.get("calendar") or _calendar(packs, country, region)
            if pack["applies"] == "everywhere" and rule["kind"] == "hold":
                rule = {**rule, "holds": [kind for kind in rule["holds"] if kind not in country_holds]}
            if not _says_yes(rule, question, zones, calendar):
                said_no.add(rule["id"])
    return said_no


def _fold(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text.strip()) if unicodedata.category(c) != "Mn").lower()


def _asked_packs(packs: list[dict[str, Any]], country: str, region: str, channel: str) -> list[dict[str, Any]]:
    has_own = any(pack["applies"] == "country" and country in pack["countries"] for pack in packs)
    known = _known_region(packs, country, region)
    found = []
    for pack in packs:
        here = country in pack.get("countries", [])
        applies = pack["applies"]
        if (
            applies == "everywhere"
            or (applies in ("country", "supplement") and here)
            or (applies == "company" and (here or not pack.get("countries")))
            or (applies == "unknown_country" and not has_own)
            or (applies == "platform" and pack["platform"] == channel)
            or (applies == "region" and here and (not known or region in [_fold(r) for r in pack["regions"]]))
        ):
            found.append(pack)
    return found


def _known_region(packs: list[dict[str, Any]], country: str, region: str) -> bool:
    names = [
        _fold(name)
        for pack in packs
        if country in pack.get("countries", [])
        for name in pack.get("regions", []) + pack.get("other_regions", [])
    ]
    return bool(region) and region in names


def _home_packs(packs: list[dict[str, Any]], country: str, region: str) -> list[dict[str, Any]]:
    """The pack of the region, then that of the country."""
    here = [pack for pack in packs if country in pack.get("countries", [])]
    return [p for p in here if p["applies"] == "region" and region in [_fold(r) for r in p["regions"]]] + [
        p for p in here if p["applies"] == "country"
    ]


def _zones(packs: list[dict[str, Any]], country: str, region: str, given: str | None) -> list[ZoneInfo]:
    if given:
        try:
            return [ZoneInfo(given)]
        except (KeyError, OSError, ValueError):
            pass
    for pack in _home_packs(packs, country, region):
        if pack.get("time_zones"):
            return [ZoneInfo(name) for name in pack["time_zones"]]
    return [ZoneInfo(name) for name, owner in get_global("zone_territories").items() if owner == country]


def _calendar(packs: list[dict[str, Any]], country: str, region: str) -> dict[str, str] | None:
    for pack in _home_packs(packs, country, region):
        if pack.get("calendar"):
            return pack["calendar"]
    return {"country": country} if country else None


@functools.cache
def _holidays(country: str, subdivision: str | None, year: int) -> dict[dt.date, str]:
    try:
        return dict(holidays.country_holidays(country, subdiv=subdivision, years=[year]))
    except NotImplementedError:
        return {}


def _concerns(rule: dict[str, Any], question: dict[str, Any], kinds: list[str]) -> bool:
    channels = CHANNELS if rule["channels"] == "all" else rule["channels"]
    if rule.get("strict_only") and not question.get("is_strict"):
        return False
    return question["channel"] in channels and any(kind in rule["debtors"] for kind in kinds)


def _says_yes(
    rule: dict[str, Any], question: dict[str, Any], zones: list[ZoneInfo], calendar: dict[str, str] | None
) -> bool:
    kind = rule["kind"]
    if kind == "hold":
        return not any(_holds(rule, question, hold, zones) for hold in question.get("holds", []))
    if kind == "opt_out":
        return question["channel"] not in question.get("opted_out", [])
    if kind == "recipients":
        return question.get("recipient", "debtor") in rule["allowed"]
    if kind == "place":
        return question.get("place", "home") not in rule["forbidden"]
    if kind == "channel":
        return False
    if kind == "authorisation":
        return question["channel"] in (question.get("authorised") or [])
    if kind in ("disclosure", "wording", "note"):
        return True
    return all(_in_zone(rule, question, zone, calendar) for zone in zones)


def _holds(rule: dict[str, Any], question: dict[str, Any], hold: dict[str, Any], zones: list[ZoneInfo]) -> bool:
    if hold["kind"] not in rule["holds"]:
        return False
    debts = question.get("debts", [])
    if hold.get("debt") and debts and hold["debt"] not in debts:
        return False
    since, until = hold.get("since"), hold.get("until")
    if until is None and since is not None and rule.get("days"):
        until = since + dt.timedelta(days=rule["days"] - 1)
    dates = [question["at"].astimezone(zone).date() for zone in zones]
    if not dates:
        return True
    if since is not None and all(date < since for date in dates):
        return False
    return until is None or any(date <= until for date in dates)


def _in_zone(rule: dict[str, Any], question: dict[str, Any], zone: ZoneInfo, calendar: dict[str, str] | None) -> bool:
    now = question["at"].astimezone(zone)
    kind = rule["kind"]
    if kind == "hours":
        return _open(rule["open"], now, calendar)
    past = [event for event in question.get("history", []) if event["at"] <= question["at"]]
    if kind == "silence":
        counts = [e for e in past if e["channel"] in rule["after"] and e["outcome"] in ("answered", "sent", "unknown")]
        if rule.get("scope", "debtor") == "debt":
            counts = [e for e in counts if _about(e, question.get("debts", []))]
        quiet = {_date(e, zone) + dt.timedelta(days=n) for e in counts for n in range(rule["days"])}
        return now.date() not in quiet
    channels = CHANNELS if rule["channels"] == "all" else rule["channels"]
    ours = [
        e for e in past
        if not e.get("is_inbound") and e["channel"] in channels and _counts(rule["unit"], e)
    ]  # fmt: skip
    if kind == "spacing":
        days = dt.timedelta(days=rule["days"])
        return all(
            (question["at"] - e["at"]).total_seconds() >= days.total_seconds() and now.date() - _date(e, zone) >= days
            for e in ours
        )
    window = _window(rule, now.date())
    ours = [e for e in ours if _date(e, zone) in window]
    if kind == "distinct_channels":
        return len({e["channel"] for e in ours} | {question["channel"]}) <= rule["max"]
    assert kind == "cap", kind
    places = rule.get("places", ["home", "work"])
    if question.get("place", "home") not in places:
        return True
    ours = [e for e in ours if e.get("place", "home") is None or e.get("place", "home") in places]
    if rule.get("scope", "debtor") == "debtor" or not question.get("debts"):
        return len(ours) + 1 <= rule["max"]
    return all(len([e for e in ours if _about(e, [debt])]) + 1 <= rule["max"] for debt in question["debts"])


def _open(hours: dict[str, Any], now: dt.datetime, calendar: dict[str, str] | None) -> bool:
    name = WEEKDAYS[now.weekday()]
    spans = hours.get(name)
    if spans is None:
        spans = hours["mon_fri"]
    if calendar and now.date() in _holidays(calendar["country"], calendar.get("subdivision"), now.year):
        spans = hours["holiday"]
    clock = now.strftime("%H:%M")
    return any(span.split("-")[0] <= clock < span.split("-")[1] for span in spans)


def _date(event: dict[str, Any], zone: ZoneInfo) -> dt.date:
    return event["at"].astimezone(zone).date()


def _about(event: dict[str, Any], debts: list[str]) -> bool:
    return not debts or not event.get("debts") or any(debt in event["debts"] for debt in debts)


def _counts(unit: str, event: dict[str, Any]) -> bool:
    if unit == "attempt":
        return True
    arrived = event["outcome"] in ("sent", "unknown", "delivered", "answered")
    if unit == "contact" and event["channel"] in ("call", "voice", "visit"):
        return arrived and event["outcome"] != "delivered"
    return arrived


def _window(rule: dict[str, Any], today: dt.date) -> set[dt.date]:
    if rule["window"] == "day":
        return {today}
    if rule["window"] == "calendar_week":
        monday = today - dt.timedelta(days=today.weekday())
        return {monday + dt.timedelta(days=n) for n in range(7)}
    return {today - dt.timedelta(days=n) for n in range(rule["days"])}
