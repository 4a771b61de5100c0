"""The rules of links as records: landed in versions, so that a past moment has the rules that held then."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from cartera.connectors.links.spec import SOURCE, InvoiceRules, LinkRules, check_sources, links_path, load_link_rules
from cartera.landing import Batch, DeliveredFile, Delivery
from cartera.landing.encode import schema
from cartera.landing.entities import Column, Entity
from cartera.settings import Settings

LINK_RULES = Entity(
    "link_rules",
    (
        Column("link_rule_id", required=True),
        Column("kind", required=True),
        Column("position", "integer"),
        Column("rule"),
        Column("customer_id"),
        Column("master_customer_id"),
    ),
)
"""`kind` rule: a rule and its place in the order; link and never: a pair that a person decided."""

INVOICE_LINK_RULES = Entity(
    "invoice_link_rules",
    (
        Column("invoice_link_rule_id", required=True),
        Column("kind", required=True),
        Column("position", "integer"),
        Column("rule"),
        Column("invoice_id"),
        Column("master_invoice_id"),
    ),
)
"""Likewise of invoices."""


def deliveries(settings: Settings) -> list[Delivery]:
    """The rules as they stand now, of customers and of invoices. Raises ConfigError."""
    from cartera.connectors.sources import all_sources

    path = links_path(settings)
    rules = load_link_rules(path)
    if rules.link or rules.never or rules.invoices.link or rules.invoices.never:
        check_sources(path, rules, [source.name for source in all_sources(settings)])
    return [
        _delivery(path.name, LINK_RULES, records(rules)),
        _delivery(path.name, INVOICE_LINK_RULES, invoice_records(rules.invoices)),
    ]


def _delivery(file_name: str, entity: Entity, of_entity: Iterator[dict[str, Any]]) -> Delivery:
    import pyarrow as pa

    found = [{"row_number": number, **record} for number, record in enumerate(of_entity, 1)]
    fingerprint = hashlib.blake2b(json.dumps(found).encode(), digest_size=16).hexdigest()
    return Delivery(
        source=SOURCE,
        system="files",
        entity=entity,
        kind="full",
        fingerprint=fingerprint,
        files=(DeliveredFile(file_name, fingerprint, ""),),
        batches=[Batch(pa.Table.from_pylist(found, schema(entity)), [], file_name)],
        # who takes a pair out of the file means it
        max_shrink_pct=Decimal(100),
    )


def records(rules: LinkRules) -> Iterator[dict[str, Any]]:
    for position, rule in enumerate(rules.rules, 1):
        yield {"link_rule_id": f"rule:{rule}", "kind": "rule", "position": position, "rule": rule}
    for kind, pairs in (("link", rules.link), ("never", rules.never)):
        for pair in dict.fromkeys(pairs):
            named = {"customer_id": pair.customer, "master_customer_id": pair.master}
            yield {"link_rule_id": f"{kind}:{json.dumps(list(named.values()))}", "kind": kind, **named}


def invoice_records(rules: InvoiceRules) -> Iterator[dict[str, Any]]:
    for position, rule in enumerate(rules.rules, 1):
        yield {"invoice_link_rule_id": f"rule:{rule}", "kind": "rule", "position": position, "rule": rule}
    for kind, pairs in (("link", rules.link), ("never", rules.never)):
        for pair in dict.fromkeys(pairs):
            named = {"invoice_id": pair.invoice, "master_invoice_id": pair.master}
            yield {"invoice_link_rule_id": f"{kind}:{json.dumps(list(named.values()))}", "kind": kind, **named}
