"""The reports in their folder, in the order they came, and signed questions to the API."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from cartera.clock import utc_now
from cartera.connectors.api import Access, Page, Record, Resource
from cartera.connectors.api.folders import refuse_outside
from cartera.connectors.api.http import Answer, Http
from cartera.connectors.api.reports import csv_records
from cartera.connectors.api.system import dig
from cartera.connectors.dlocal import known
from cartera.connectors.dlocal.entities import PAYER
from cartera.errors import SourceError
from cartera.words import counted

AT_ONCE = 100
"""Each line of a payment that is not known yet is a question to the API."""
_REFERENCE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Session:
    access: Access
    http: Http
    payers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By reference who paid, as far as it is known."""

    def get(self, path: str, params: Mapping[str, str] | None = None, accept: tuple[int, ...] = ()) -> Answer:
        """What is signed is the login, the moment and the body, which is empty."""
        login, moment = self.access["login"], utc_now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        signed = hmac.new(self.access["secret_key"].encode(), f"{login}{moment}".encode(), hashlib.sha256)
        headers = {"X-Date": moment, "Authorization": f"V2-HMAC-SHA256, Signature: {signed.hexdigest()}"}
        return self.http.get(path, params, headers=headers, accept=accept)


@contextmanager
def open_session(access: Access) -> Iterator[Session]:
    fixed = {"X-Login": access["login"], "X-Trans-Key": access["trans_key"], "X-Version": "2.1"}
    with Http(access["url"], access, headers=fixed, problem_in=problem) as http:
        yield Session(access, http)


def problem(answer: Answer) -> str | None:
    document = answer.json if isinstance(answer.json, dict) else {}
    return f"{document['message']} ({document['code']})" if "code" in document and "message" in document else None


def check(session: Session) -> str:
    session.get("payments-methods", {"country": "BR"})
    found = len(_files(session.access))
    if not found:
        raise SourceError(
            f"{session.access.source}: {session.access['folder']} holds no report (.csv)",
            "put the first one there, or correct `folder`",
        )
    return f"logged in as {session.access['login']}; {counted(found, 'report')} in {session.access['folder']}"


def pages(session: Session, resource: Resource, since: dt.datetime | None) -> Iterator[Page]:
    for delivered_at, name, content in _reports(session.access, since):
        stamp = {"delivered_at": delivered_at.isoformat(), "file_name": name}
        records = _settled(content, name) if resource.name == "settlements" else _daily(content, name)
        while some := list(islice(records, AT_ONCE)):
            _learn(session, some)
            yield Page([{**record, **stamp, **_payer(session, record)} for record in some])


def _reports(access: Access, since: dt.datetime | None) -> Iterator[tuple[dt.datetime, str, bytes]]:
    """Their dates, names and contents, in the order of the dates.

    One that arrives late keeps an old date; the folder's own (ctime) is then the later one. It is read with all that
    are dated after it, so that of what several name the last word stays the last.
    """
    try:
        found = [(path.stat(), path) for path in _files(access)]
        dated = sorted((_moment(stat.st_mtime), path) for stat, path in found)
        if since is not None:
            new = [
                _moment(stat.st_mtime) for stat, _path in found if _moment(max(stat.st_mtime, stat.st_ctime)) >= since
            ]
            dated = [(came, path) for came, path in dated if new and came >= min(new)]
        for came, path in dated:
            yield came, path.name, path.read_bytes()
    except OSError as error:
        raise SourceError(f"{access.source}: {error.filename}: {error.strerror}", "correct `folder`") from None


def _files(access: Access) -> list[Path]:
    """Raises SourceError, also for a link that leads out of the folder."""
    folder = Path(access["folder"])
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() == ".csv" and path.is_file()]
    except OSError as error:
        raise SourceError(f"{access.source}: {error.filename}: {error.strerror}", "correct `folder`") from None
    for path in found:
        refuse_outside(access.source, path, folder)
    return found


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _daily(content: bytes, name: str) -> Iterator[Record]:
    if not _is_settlement(content):
        for record in csv_records(content, name, "reference"):
            # both Chargeback and Chargebacks are written
            yield {**record, "type": record.get("type", "").removesuffix("s")}


def _settled(content: bytes, name: str) -> Iterator[Record]:
    """Two tables in one file: a HEADER with the transfer, and what it settles."""
    if _is_settlement(content):
        head, _, lines = content.partition(b"\nROW_TYPE")
        transfers = list(csv_records(head, name, "transfer_date"))
        if len(transfers) != 1:
            raise SourceError(f"{name}: has {len(transfers)} transfers instead of one", "ask dLocal for it again")
        (transfer,) = transfers
        for number, line in enumerate(csv_records(b"ROW_TYPE" + lines, name, "net_amount"), 1):
            yield {**transfer, **line, "line": f"{name}:{number}"}


def _is_settlement(content: bytes) -> bool:
    return content.removeprefix(b"\xef\xbb\xbf").startswith(b"ROW_TYPE")


def _asked(record: Record) -> str | None:
    """The reference by which the API knows a payment; it is a part of the address that is asked."""
    is_payment = record.get("type") == "Payment" and _REFERENCE.fullmatch(record["reference"])
    return record["reference"] if is_payment else None


def _learn(session: Session, records: Sequence[Record]) -> None:
    named = {reference for record in records if (reference := _asked(record))}
    if new := sorted(named - session.payers.keys()):
        session.payers.update(known.payers(session.access.source, new))


def _payer(session: Session, record: Record) -> Mapping[str, Any]:
    """Who paid. An old payment may be gone there; then the report's e-mail address must do."""
    reference = _asked(record)
    if reference is None:
        return {}
    if reference not in session.payers:
        answer = session.get(f"payments/{reference}", accept=(404,))
        payer = dig(answer.json, "payer") if answer.status == 200 else None
        session.payers[reference] = {name: dig(payer, path) for name, path in PAYER.items()} if payer else {}
    return session.payers[reference]
