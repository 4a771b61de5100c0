"""The rules by which customers of several sources are linked: `sources/links.yaml`, landed in versions like any source.

So a past moment has the links that were known then, whatever the rules became (law 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cartera.connectors.links.spec import SOURCE, LinkRules, links_path, load_link_rules

if TYPE_CHECKING:
    from cartera.landing import Delivery
    from cartera.settings import Settings


def delivery(settings: Settings) -> Delivery:
    """The rules as they stand now. Raises ConfigError with file and line."""
    from cartera.connectors.links.records import delivery

    return delivery(settings)


__all__ = ["SOURCE", "LinkRules", "delivery", "links_path", "load_link_rules"]
