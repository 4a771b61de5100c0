"""Deliveries of what Cartera itself holds: settings, rules, what people recorded. They come whole each time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from cartera.landing.delivery import Batch, DeliveredFile, Delivery
from cartera.landing.encode import schema
from cartera.landing.entities import Entity


def whole(
    source: str, entity: Entity, records: Iterable[Mapping[str, Any]], name: str, *, system: str = "files"
) -> Delivery:
    """All records of an entity as they stand now. `name`: where they stand, a file or a table.

    Two deliveries are the same when the records are: a comment in the file makes no new version.
    """
    import pyarrow as pa

    found = list(records)
    said = json.dumps(found, default=str, ensure_ascii=False)
    fingerprint = hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
    numbered = [{"row_number": number, **record} for number, record in enumerate(found, 1)]
    return Delivery(
        source=source,
        system=system,
        entity=entity,
        kind="full",
        fingerprint=fingerprint,
        files=(DeliveredFile(name, fingerprint, ""),),
        batches=[Batch(pa.Table.from_pylist(numbered, schema(entity)), [], name)],
        # who takes something out of our own means it
        max_shrink_pct=Decimal(100),
    )
