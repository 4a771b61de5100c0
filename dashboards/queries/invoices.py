"""One invoice and the payments of it: as delivered, and what moved them."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pandas as pd

from cartera.settings import get_settings
from cartera.warehouse import invoices, read
from dashboards.queries.cache import cached
from dashboards.queries.receivables import frame
from dashboards.queries.session import Clocks, Reading

if TYPE_CHECKING:
    from cartera.source_documents import Place

INVOICES = "invoices"
LISTS = {"payment": "payments", "credit_note": "credit_notes", "refund": "refunds", "chargeback": "chargebacks"}
"""The lists that deliver each type of item, as the landing calls them."""

OPENED = (INVOICES, "payments", "credit_notes")
"""Of which a system can be asked for an address."""


@cached
def document(reading: Reading, clocks: Clocks, invoice_id: str) -> read.Row | None:
    """Without the row of a file to who sees some companies alone: it tells how much others deliver in it."""
    found = invoices.document(reading.connection, clocks.known_at, invoice_id)
    return found if found is None or reading.companies is None else found | {"file_row": None}


@cached
def instalments(reading: Reading, clocks: Clocks, invoice_id: str) -> pd.DataFrame:
    """invoices.INSTALMENT_COLUMNS."""
    rows = invoices.instalments(reading.connection, clocks.as_of, clocks.known_at, invoice_id)
    return frame(rows, invoices.INSTALMENT_COLUMNS)


@cached
def open_of(reading: Reading, clocks: Clocks, item_id: str) -> Decimal:
    return invoices.open_of(reading.connection, clocks.as_of, clocks.known_at, item_id)


@cached
def movements(reading: Reading, clocks: Clocks, *family_ids: str) -> pd.DataFrame:
    """invoices.MOVEMENT_COLUMNS."""
    rows = invoices.movements(reading.connection, clocks.as_of, clocks.known_at, *family_ids)
    return frame(rows, invoices.MOVEMENT_COLUMNS)


@cached
def settlement(reading: Reading, clocks: Clocks, item_id: str) -> read.Row | None:
    return invoices.settlement(reading.connection, clocks.known_at, item_id)


@cached
def files(reading: Reading, source: str, recorded_at: dt.datetime, entity: str) -> list[str]:
    """The names of the delivered files; none for who sees some companies alone, as a file may hold others."""
    if reading.companies is not None:
        return []
    paths = invoices.delivered_files(reading.connection, source, recorded_at, entity)
    # where it lies on the server is nobody's business
    return [re.split(r"[/\\]", path)[-1] for path in paths]


def opened_in(found: read.Row, entity: str, document_id: str) -> Place | None:
    """Where the system itself shows it; not kept with the publication, the system may move."""
    # the systems' connectors are imported by who opens a document, not by the first page
    from cartera.source_documents import place_of

    if entity not in OPENED:
        return None
    record, number = found.get("record_key"), found["document_number"]
    place = place_of(get_settings(), found["source"], entity, document_id, record, number)
    return place if place and web_address(place.address) else None


def web_address(text: str | None) -> str | None:
    """What may become a link: an https address with a host, and nothing else."""
    try:
        parts = urlsplit((text or "").strip())
    except ValueError:
        return None
    return parts.geturl() if parts.scheme == "https" and parts.hostname else None
