"""The rules by which customers and invoices of several sources are the same: `sources/links.yaml`, landed in versions.

So a past moment has the links that were known then, whatever the rules became (law 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cartera.connectors.links.spec import SOURCE, LinkRules, links_path, load_link_rules

if TYPE_CHECKING:
    from cartera.landing import Delivery
    from cartera.settings import Settings


def deliveries(settings: Settings) -> list[Delivery]:
    """The rules as they stand now. Raises ConfigError with file and line."""
    from cartera.connectors.links.records import deliveries

    return deliveries(settings)


__all__ = ["SOURCE", "LinkRules", "deliveries", "links_path", "load_link_rules"]
