"""Where a document can be opened in the system that keeps it.

Made when it is asked for, of what the source's file says now and the id of the record: nothing is stored, so that a
system that moved is found at once, also for what was read of it before.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from cartera.connectors.api import secrets
from cartera.connectors.api.spec import ApiSource
from cartera.connectors.api.system import Document
from cartera.connectors.files.spec import RESERVED_NAMES, source_paths
from cartera.connectors.sources import load_source
from cartera.errors import ConfigError
from cartera.settings import Settings


@dataclass(frozen=True)
class Place:
    """`system`: its title."""

    system: str
    address: str


def place_of(
    settings: Settings, source: str, entity: str, document_id: str, record_key: str | None, number: str | None = None
) -> Place | None:
    """`entity`: invoices, payments or credit_notes; `record_key`: of an invoice. None where nothing promises an
    address, and where the source's file can't be read: that is told where the source is read."""
    if source in RESERVED_NAMES:
        return None
    path = next((path for path in source_paths(settings) if path.stem == source), None)
    try:
        found = load_source(path) if path else None
        if not isinstance(found, ApiSource) or found.declared.address_of is None:
            return None
        own_id = document_id.removeprefix(f"{source}:")
        is_test = bool(found.declared.test_secrets) and secrets.is_test(found, settings)
        document = Document(entity, own_id, record_key or own_id, number or "", is_test)
        address = found.declared.address_of(secrets.open_values(found), document)
    except (ConfigError, KeyError):
        # KeyError: a setting that the address is made of is only given to those who read the source
        return None
    return Place(found.declared.title, address) if address and _has_no_login(address) else None


def _has_no_login(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.username is None and parts.password is None
