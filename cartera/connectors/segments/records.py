"""Segment rules as records: landed in versions like all else, so that a past moment has the rules that held then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cartera.connectors.segments.spec import SOURCE, Scheme, SegmentRules, load_segment_rules, segments_path
from cartera.landing import Delivery
from cartera.landing.entities import Column, Entity
from cartera.landing.whole import whole
from cartera.settings import Settings

SEGMENT_RULES = Entity(
    "segment_rules",
    (
        Column("rule_id", required=True),
        Column("scheme", required=True),
        Column("scheme_position", "integer", required=True),
        Column("description"),
        Column("position", "integer", required=True),
        Column("segment"),
        Column("conditions", "integer", required=True),
        Column("measure"),
        Column("at_least", "amount", may_be_negative=True),
        Column("below", "amount", may_be_negative=True),
        Column("value"),
    ),
)
"""One record per condition of a segment and, in a list of values, per value.

`conditions` is how many measures the segment asks for: a customer is in it when that many records hold. No
`measure`: always. No `segment`: the measure's value is its name. Of a scheme's segments the first by `position` counts.
"""

Record = dict[str, Any]


def delivery(settings: Settings) -> Delivery:
    """All rules as they stand now. Raises ConfigError with file and line."""
    path = segments_path(settings)
    return whole(SOURCE, SEGMENT_RULES, records(load_segment_rules(path)), path.name)


def records(rules: SegmentRules) -> Iterator[Record]:
    """The records of all schemes, in their order."""
    for scheme_position, scheme in enumerate(rules.schemes, start=1):
        for record in _of_scheme(scheme):
            yield {
                "rule_id": _rule_id(scheme, record),
                "scheme": scheme.name,
                "scheme_position": scheme_position,
                "description": scheme.description or None,
                **record,
            }


def _of_scheme(scheme: Scheme) -> Iterator[Record]:
    if scheme.each_value:
        yield {"position": 1, "conditions": 1, "measure": scheme.measure}
    for position, segment in enumerate(scheme.segments, start=1):
        conditions = scheme.conditions(segment)
        for measure, condition in conditions.items():
            for value in map(str.strip, condition.values) if condition.values else (None,):
                yield {
                    "position": position,
                    "segment": segment.name,
                    "conditions": len(conditions),
                    "measure": measure,
                    "at_least": condition.at_least,
                    "below": condition.below,
                    "value": value,
                }
    yield {"position": max(len(scheme.segments), 1) + 1, "segment": scheme.otherwise, "conditions": 0}


def _rule_id(scheme: Scheme, record: Record) -> str:
    parts = (scheme.name, record["position"], record.get("measure") or "otherwise", record.get("value"))
    return "/".join(str(part) for part in parts if part is not None)
