"""The rules of links as records: landed in versions, so that a past moment has the rules that held then."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from cartera.connectors.links.spec import (
    SOURCE,
    InvoicePair,
    InvoiceRules,
    LinkRules,
    Pair,
    check_sources,
    links_path,
    load_link_rules,
)
from cartera.landing import Delivery
from cartera.landing.entities import Column, Entity
from cartera.landing.whole import whole
from cartera.settings import Settings


def _rules_of(what: str, name: str) -> Entity:
    """`kind` rule: a rule and its place in the order; link and never: a pair that a person decided."""
    return Entity(
        f"{name}s",
        (
            Column(f"{name}_id", required=True),
            Column("kind", required=True),
            Column("position", "integer"),
            Column("rule"),
            Column(f"{what}_id"),
            Column(f"master_{what}_id"),
        ),
    )


LINK_RULES = _rules_of("customer", "link_rule")
INVOICE_LINK_RULES = _rules_of("invoice", "invoice_link_rule")


def deliveries(settings: Settings) -> list[Delivery]:
    """The rules as they stand now, of customers and of invoices. Raises ConfigError."""
    from cartera.connectors.sources import all_sources

    path = links_path(settings)
    rules = load_link_rules(path)
    if rules.link or rules.never or rules.invoices.link or rules.invoices.never:
        check_sources(path, rules, [source.name for source in all_sources(settings)])
    return [
        whole(SOURCE, LINK_RULES, records(LINK_RULES, rules), path.name),
        whole(SOURCE, INVOICE_LINK_RULES, records(INVOICE_LINK_RULES, rules.invoices), path.name),
    ]


def records(entity: Entity, rules: LinkRules | InvoiceRules) -> Iterator[dict[str, Any]]:
    key, _kind, _position, _rule, one, master = (column.name for column in entity.columns)
    for position, rule in enumerate(rules.rules, 1):
        yield {key: f"rule:{rule}", "kind": "rule", "position": position, "rule": rule}
    decided: tuple[tuple[str, Sequence[Pair | InvoicePair]], ...] = (("link", rules.link), ("never", rules.never))
    for kind, pairs in decided:
        for pair in dict.fromkeys(pairs):
            said = json.dumps([pair.one, pair.master])
            yield {key: f"{kind}:{said}", "kind": kind, one: pair.one, master: pair.master}
