"""The rules of customer segments: `segments.yaml`, landed in versions like any source.

So a past moment has the rules that held then, whatever they became (law 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cartera.connectors.segments.spec import SOURCE, SegmentRules, load_segment_rules, segments_path

if TYPE_CHECKING:
    from cartera.landing import Delivery
    from cartera.settings import Settings


def delivery(settings: Settings) -> Delivery:
    """All rules as they stand now. Raises ConfigError with file and line."""
    from cartera.connectors.segments.records import delivery

    return delivery(settings)


__all__ = ["SOURCE", "SegmentRules", "delivery", "load_segment_rules", "segments_path"]
