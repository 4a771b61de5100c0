"""One file: what it is, and the documents of it that our companies issued. Read without entities and the network."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cartera.connectors.api import Record
from cartera.connectors.documents import cfdi, cii, ubl
from cartera.connectors.documents.parts import BadDocument

FORMATS = {**ubl.ROOTS, **cfdi.ROOTS, **cii.ROOTS}
"""By the name of the root: how its documents are read."""


@dataclass
class Read:
    """What one file gave."""

    file: Record
    documents: list[Record] = field(default_factory=list)


def read(name: str, body: bytes, issuers: Mapping[str, str]) -> Read:
    """A broken file gives its problem as its only document."""
    file: Record = {"file_name": name, "sha256": hashlib.sha256(body).hexdigest(), "documents": 0}
    try:
        root = parse(embedded(body) if body[:5] == b"%PDF-" else body)
        if root is None or root.tag not in FORMATS:
            return Read({**file, "outcome": "other"})
        documents = FORMATS[root.tag](root)
    except BadDocument as error:
        problem = {"document_key": name, "file_name": name, "problem": str(error)}
        return Read({**file, "outcome": "broken"}, [problem])
    ours = [_ours(document, name, issuers) for document in documents]
    kept = [document for document in ours if document]
    found = {"format": documents[0]["format"] if documents else None, "documents": len(kept)}
    issuer = kept[0]["issuer"] if kept else None
    return Read({**file, **found, "issuer": issuer, "outcome": "issued" if kept else "received"}, kept)


def _ours(document: Record, name: str, issuers: Mapping[str, str]) -> Record | None:
    """The document under the tax id of our company; None when another one issued it."""
    issuer = next((issuers[one] for one in document.pop("issuer_ids") if one in issuers), None)
    if issuer is None:
        return None
    for key in ("document_key", "corrected_key", "customer_key"):
        document[key] = f"{issuer}:{document[key]}" if document.get(key) else None
    for items in ("settled", "replaces"):
        document[items] = [
            {**one, "document_key": f"{issuer}:{one['document_key']}"} for one in document.get(items, ())
        ]
    return {**document, "issuer": issuer, "file_name": name}


def parse(body: bytes | None) -> Any:
    """The root element; None where there is no document. Raises BadDocument."""
    if body is None:
        return None
    from lxml import etree  # type: ignore[import-untyped]

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise BadDocument(f"is no whole XML: {error.msg}") from None
    if root.getroottree().docinfo.doctype:
        raise BadDocument("declares a document type, which no invoice needs: it could name other files")
    return root


def embedded(body: bytes) -> bytes | None:
    """The XML that a Factur-X or ZUGFeRD PDF carries; None of another PDF. Raises BadDocument."""
    from pypdf import PdfReader  # type: ignore[import-not-found,unused-ignore]
    from pypdf.errors import PyPdfError  # type: ignore[import-not-found,unused-ignore]

    try:
        attached = PdfReader(io.BytesIO(body)).attachments
        for name in ("factur-x.xml", "zugferd-invoice.xml", "ZUGFeRD-invoice.xml", "xrechnung.xml"):
            if name in attached:
                return bytes(attached[name][0])
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError) as error:
        raise BadDocument(f"is no PDF that can be read: {type(error).__name__}") from None
    return None
