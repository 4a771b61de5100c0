"""The folder: its files in the order of their names, read without entities and without the network."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cartera.connectors.api import Access, Page, Record, Resource
from cartera.connectors.documents import cfdi, cii, known, ubl
from cartera.connectors.documents.parts import BadDocument, identity
from cartera.errors import SourceError
from cartera.settings import get_settings

FORMATS = {**ubl.ROOTS, **cfdi.ROOTS, **cii.ROOTS}
"""By the name of the root: how its documents are read."""
MOST_BYTES = 32 << 20
AT_ONCE = 200


@dataclass
class Read:
    """What one file gave."""

    file: Record
    documents: list[Record] = field(default_factory=list)


@dataclass
class Folder:
    """`issuers`: as the user writes them, by what is compared."""

    source: str
    path: Path
    issuers: dict[str, str]

    def names(self) -> list[str]:
        """All XML and PDF files, those in folders within too."""
        found = []
        try:
            for folder, folders, names in os.walk(self.path, onerror=_raise):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                found += [Path(folder, name) for name in names if not name.startswith(".")]
        except OSError as error:
            raise SourceError(f"{self.source}: {self.path}: {error.strerror}", "correct the folder") from None
        wanted = (path for path in found if path.suffix.lower() in (".xml", ".pdf") and not _is_odd(path))
        return sorted(path.relative_to(self.path).as_posix() for path in wanted)

    def files(self) -> Iterator[Read]:
        for name in self.names():
            yield self.read(name)

    def read(self, name: str) -> Read:
        try:
            body = (self.path / name).read_bytes() if (self.path / name).stat().st_size <= MOST_BYTES else b""
        except OSError as error:
            raise SourceError(f"{self.source}: {self.path / name}: {error.strerror}", "make it readable") from None
        file: Record = {"file_name": name, "sha256": hashlib.sha256(body).hexdigest(), "documents": 0}
        try:
            root = parse(embedded(body) if body[:5] == b"%PDF-" else body)
            if root is None or root.tag not in FORMATS:
                return Read({**file, "outcome": "other"})
            documents = FORMATS[root.tag](root)
        except BadDocument as error:
            problem = {"document_key": name, "file_name": name, "problem": str(error)}
            return Read({**file, "outcome": "broken"}, [problem])
        ours = [self._ours(document, name) for document in documents]
        kept = [document for document in ours if document]
        found = {"format": documents[0]["format"] if documents else None, "documents": len(kept)}
        issuer = kept[0]["issuer"] if kept else None
        return Read({**file, **found, "issuer": issuer, "outcome": "issued" if kept else "received"}, kept)

    def _ours(self, document: Record, name: str) -> Record | None:
        """The document under the tax id of our company; None when another one issued it."""
        issuer = next((self.issuers[one] for one in document.pop("issuer_ids") if one in self.issuers), None)
        if issuer is None:
            return None
        for key in ("document_key", "corrected_key", "customer_key"):
            document[key] = f"{issuer}:{document[key]}" if document.get(key) else None
        settled = [{**one, "document_key": f"{issuer}:{one['document_key']}"} for one in document.get("settled", ())]
        return {**document, "issuer": issuer, "file_name": name, "settled": settled}


def _is_odd(path: Path) -> bool:
    """A pipe, which has no end. A link that leads nowhere is not left out: what it led to would be gone."""
    return path.exists() and not path.is_file()


def _raise(error: OSError) -> None:
    raise error


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


@contextmanager
def open_folder(access: Access) -> Iterator[Folder]:
    path = get_settings().project_dir / Path(access["folder"]).expanduser()
    issuers = {identity(one): one.strip() for one in access["issuers"].split(",") if identity(one)}
    if not issuers:
        raise SourceError(f"{access.source}: issuers names no tax id", "name those of our companies")
    yield Folder(access.source, path, issuers)


def pages(folder: Folder, resource: Resource, since: dt.datetime | None) -> Iterator[Page]:
    records: list[Record] = []
    for read in folder.files():
        if read.file["outcome"] == "broken" and resource.name != "file":
            records += _held(folder.source, resource.entity.key, read)
        else:
            records += _records(resource.name, read)
        if len(records) >= AT_ONCE:
            yield Page(records)
            records = []
    yield Page(records)


def _held(source: str, key: str, read: Read) -> list[Record]:
    """Of a file that can't be read: a reject for each record that was read from it before, which keeps that one."""
    (problem,) = read.documents
    landed = known.records_of(source, read.file["file_name"], key)
    return [{**problem, key: one} for one in landed] or ([problem] if key == "document_key" else [])


def _records(table: str, read: Read) -> list[Record]:
    if table == "file":
        return [read.file]
    if table == "document":
        return [{name: value for name, value in one.items() if name != "customer"} for one in read.documents]
    return [{"customer_key": one["customer_key"], "issuer": one["issuer"], **one["customer"]} for one in read.documents]


def check(folder: Folder) -> str:
    """How many files are what, those of others counted too."""
    outcomes = Counter(read.file["outcome"] for read in folder.files())
    said = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(outcomes.items()))
    return f"{folder.path}: {said or 'no files'}"
