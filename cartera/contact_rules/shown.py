"""Packs as they are shown: each rule in a row, with where it is from and how sure it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cartera.contact_rules.kinds import (
    DAYS,
    CapRule,
    Counting,
    DisclosureRule,
    DistinctChannelsRule,
    Hours,
    HoursRule,
    Rule,
    SilenceRule,
    SpacingRule,
    WordingRule,
)
from cartera.contact_rules.model import Channel, Window
from cartera.contact_rules.pack import Pack


def rule_rows(pack: Pack) -> Iterator[dict[str, Any]]:
    sources = {source.key: source for source in pack.sources}
    for rule in pack.rules:
        found = [sources[key] for key in rule.sources]
        yield {
            "pack": pack.id,
            "rule": rule.id,
            "weight": ", ".join(f"{debtor}: {standing}" for debtor, standing in rule.debtors.items()),
            "channels": "all" if set(rule.channels) == set(Channel) else ", ".join(rule.channels),
            "text": rule.text + (f" [{rule.note}]" if rule.note else ""),
            "says": says(rule) + (" (strict mode only)" if rule.strict_only else ""),
            "level": str(rule.level),
            "source": "; ".join(each.title + (f" <{each.url}>" if each.url else "") for each in found)
            or "Cartera's own, not law",
        }


def pack_json(pack: Pack) -> dict[str, Any]:
    document = pack.model_dump(mode="json", exclude_none=True, exclude={"rules"})
    rules = [
        rule.model_dump(mode="json", exclude_none=True) | {"says": says(rule), "sources": list(rule.sources)}
        for rule in pack.rules
    ]
    return document | {"rules": rules}


def says(rule: Rule) -> str:
    """The machine's reading of a rule, in words."""
    if isinstance(rule, HoursRule):
        return _hours(rule.open)
    if isinstance(rule, CapRule):
        return f"at most {rule.max} ({rule.unit}) {_window(rule)} per {rule.scope}"
    if isinstance(rule, DistinctChannelsRule):
        return f"at most {rule.max} channel{'' if rule.max == 1 else 's'} ({rule.unit}) {_window(rule)}"
    if isinstance(rule, SpacingRule):
        return f"{rule.days} days apart ({rule.unit})"
    if isinstance(rule, SilenceRule):
        return f"{rule.days} days after a conversation per {rule.scope}"
    if isinstance(rule, (DisclosureRule, WordingRule)):
        return f"{'must' if isinstance(rule, DisclosureRule) else 'must not'}: {rule.key}, {rule.when}"
    return ""


def _window(rule: Counting) -> str:
    words = {Window.day: "a day", Window.calendar_week: "a week from Monday to Sunday"}
    return words.get(rule.window, f"in {rule.days} days in a row")


def _hours(hours: Hours) -> str:
    """Days of equal hours in one go: `mon-fri 08:00-20:00; sat 08:00-14:00; sun, holiday none`."""
    groups: list[tuple[list[str], tuple[Any, ...]]] = []
    for day in (*DAYS, "holiday"):
        spans = hours.of(day)
        if groups and groups[-1][1] == spans:
            groups[-1][0].append(day)
        else:
            groups.append(([day], spans))
    return "; ".join(f"{_days(days)} {_spans(spans)}" for days, spans in groups)


def _days(days: list[str]) -> str:
    return days[0] if len(days) == 1 else f"{days[0]}-{days[-1]}"


def _spans(spans: tuple[tuple[int, int], ...]) -> str:
    return ", ".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in spans) or "none"
