"""The rules of links as records: landed in versions, so that a past moment has the rules that held then."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from cartera.connectors.links.spec import SOURCE, LinkRules, check_sources, links_path, load_link_rules
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


def delivery(settings: Settings) -> Delivery:
    """The rules as they stand now. Raises ConfigError with file and line."""
    import pyarrow as pa

    from cartera.connectors.sources import all_sources

    path = links_path(settings)
    rules = load_link_rules(path)
    if rules.link or rules.never:
        check_sources(path, rules, [source.name for source in all_sources(settings)])
    found = [{"row_number": number, **record} for number, record in enumerate(records(rules), 1)]
    fingerprint = hashlib.blake2b(json.dumps(found).encode(), digest_size=16).hexdigest()
    return Delivery(
        source=SOURCE,
        system="files",
        entity=LINK_RULES,
        kind="full",
        fingerprint=fingerprint,
        files=(DeliveredFile(path.name, fingerprint, ""),),
        batches=[Batch(pa.Table.from_pylist(found, schema(LINK_RULES)), [], path.name)],
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
