"""Systems that are read through their API: what each must declare, and all that they have in common.

A system is a folder `cartera/connectors/<system>/` whose `__init__.py` exports SYSTEM. Nothing heavy is imported
until a system is read.
"""

from cartera.connectors.api.columns import (
    amount,
    amounts,
    boolean,
    booleans,
    date,
    integer,
    json,
    rate,
    raw_entity,
    text,
    texts,
    timestamp,
)
from cartera.connectors.api.system import Access, Control, Page, Record, Resource, Setting, System

__all__ = [
    "Access",
    "Control",
    "Page",
    "Record",
    "Resource",
    "Setting",
    "System",
    "amount",
    "amounts",
    "boolean",
    "booleans",
    "date",
    "integer",
    "json",
    "rate",
    "raw_entity",
    "text",
    "texts",
    "timestamp",
]
