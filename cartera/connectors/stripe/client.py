"""A table is read whole as a list, newest first. After that the list gives what is new, and the events of the last 30
days name what has changed or was deleted: each such object is then read by its id, as it is now.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from cartera.connectors.api import Access, Page, Record, Resource
from cartera.connectors.api.http import Answer, Http
from cartera.connectors.api.system import dig
from cartera.connectors.stripe.entities import CREATED, READ_AT, units
from cartera.errors import SourceError

VERSION = "2025-03-31.basil"
"""The first version of the API in which an invoice knows all its payments; asked for whatever the account's own is."""

MOST_AT_ONCE = 100
EVENTS_KEPT = dt.timedelta(days=29)
"""One day less than Stripe says, so that none expires while they are read."""

REFERRED = ("invoice", "charge")
"""What an event's object names changes with it: a payment or credit note its invoice, a refund its charge."""


class Stripe:
    """One reading. Its objects are as of `now`, which is Stripe's clock before the first of them was read."""

    def __init__(self, http: Http, is_restricted: bool, references: Mapping[str, str]) -> None:
        """`references`: by kind of object the key of its metadata under which the books' own name stands."""
        self.http, self.is_restricted, self.references = http, is_restricted, references
        self._lock = threading.Lock()
        self._now: dt.datetime | None = None
        self._changed: dict[dt.datetime, dict[str, dict[str, bool]]] = {}

    def now(self) -> dt.datetime:
        with self._lock:
            if self._now is None:
                answer = self.http.get("v1/events", {"limit": "1"})
                self._now = _date(answer)
            return self._now

    def lists(self, path: str, params: Mapping[str, str]) -> Iterator[list[Record]]:
        """Newest first, each page after the last object of the one before: what is new meanwhile moves nothing."""
        asked = {**params, "limit": str(min(self.http.access.page_size, MOST_AT_ONCE))}
        before: list[str] = []
        while True:
            after = {"starting_after": before[-1]} if before else {}
            answer = self.http.get(path, {**asked, **after}, accept=(400, 404) if before else ())
            if answer.status != 200:
                self._step_back(answer, before)
                continue
            records = _listed(answer)
            yield records
            ids = [record["id"] for record in records]
            if not ids or not answer.json.get("has_more"):
                return
            if before and ids[-1] == before[-1]:
                raise SourceError(
                    f"{answer.where}: the list leads from page to page in a circle",
                    "run again; if it stays, ask Stripe",
                )
            before = ids

    def _step_back(self, answer: Answer, before: list[str]) -> None:
        """The object after which the next page begins was deleted meanwhile: it begins after the one before that."""
        error = dig(answer.json, "error")
        before.pop()
        if not before or dig(error, "param") != "starting_after":
            said = self.http.clean(str(dig(error, "message")))[:200]
            raise SourceError(f"{answer.where}: answered {answer.status}: {said}", "run again; if it stays, ask Stripe")

    def one(self, resource: Resource, key: str) -> Record | None:
        """An object as it is now; None: it was deleted."""
        answer = self.http.get(f"{resource.path}/{key}", resource.params, accept=(404,))
        is_gone = answer.status == 404 or answer.json.get("deleted") is True
        return None if is_gone else self.complete(answer.json)

    def changed(self, since: dt.datetime) -> Mapping[str, Mapping[str, bool]]:
        """By kind of object the ids of those that changed, and whether an event says that they are deleted."""
        with self._lock:
            if since not in self._changed:
                found: dict[str, dict[str, bool]] = {}
                for events in self.lists("v1/events", created_since(since)):
                    for event in events:
                        _note(event, found)
                self._changed[since] = found
            return self._changed[since]

    def complete(self, record: Record) -> Record:
        """With all payments of an invoice, without the secret of a payment intent, and as of when it was read."""
        payments = record.get("payments")
        if dig(payments, "has_more"):
            pages = self.lists("v1/invoice_payments", {"invoice": record["id"]})
            record["payments"] = {"data": [payment for page in pages for payment in page]}
        record.pop("client_secret", None)
        kind = record.get("object")
        if isinstance(kind, str) and self.references.get(kind):
            # not dug: the key may have dots
            record[f"{kind}_reference"] = (record.get("metadata") or {}).get(self.references[kind]) or None
        if record.get("object") == "customer" and (record.get("balance") or 0) < 0:
            record["balance_at"] = self._balance_at(record["id"])
        return {**record, CREATED: record.get("created"), READ_AT: int(self.now().timestamp())}

    def _balance_at(self, customer: str) -> Any:
        """When the balance became what it is; None: the key may not read that, or Stripe keeps no record of it."""
        answer = self.http.get(f"v1/customers/{customer}/balance_transactions", {"limit": "1"}, accept=(403, 404))
        newest = _listed(answer) if answer.status == 200 else []
        return newest[0].get("created") if newest else None


def _note(event: Mapping[str, Any], found: dict[str, dict[str, bool]]) -> None:
    changed = dig(event, "data.object") or {}
    kind, key = changed.get("object"), changed.get("id")
    if kind and key:
        of_kind = found.setdefault(kind, {})
        of_kind[key] = of_kind.get(key, False) or event["type"] == f"{kind}.deleted"
    # a customer's own event does not tell of its tax ids; to read it anew for each of its invoices would be too much
    for name in (*REFERRED, "customer") if kind == "tax_id" else REFERRED:
        if isinstance(changed.get(name), str):
            found.setdefault(name, {}).setdefault(changed[name], False)


def _listed(answer: Answer) -> list[Record]:
    found = dig(answer.json, "data")
    if not isinstance(found, list):
        raise SourceError(f"{answer.where}: the answer is no list", "see whether the address is that of the API")
    return found


def _date(answer: Answer) -> dt.datetime:
    try:
        return parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        raise SourceError(f"{answer.where}: the answer bears no date", "see what stands before the API") from None


def created_since(moment: dt.datetime) -> Mapping[str, str]:
    return {"created[gte]": str(int(moment.timestamp()))}


def pages(stripe: Stripe, resource: Resource, since: dt.datetime | None) -> Iterator[Page]:
    now, listed = stripe.now(), {name: f"data.{field}" for name, field in resource.params.items()}
    if since is None:
        for records in stripe.lists(resource.path, listed):
            yield Page([stripe.complete(record) for record in records])
        return
    if now - since > EVENTS_KEPT:
        return  # some events are gone. Where not even the newest object is given the table is read whole
    changed = dict(stripe.changed(since).get(resource.name, {}))
    given = False
    for records in stripe.lists(resource.path, {**listed, **created_since(since)}):
        for record in records:
            changed.pop(record["id"], None)
        given = given or bool(records)
        yield Page([stripe.complete(record) for record in records])
    for key, is_deleted in changed.items():
        found = None if is_deleted else stripe.one(resource, key)
        given = given or found is not None
        yield Page([found] if found else [], [] if found else [key])
    if not given:
        # the newest object says as of when nothing changed
        newest = stripe.http.get(resource.path, {**listed, "limit": "1"})
        yield Page([stripe.complete(record) for record in _listed(newest)])


def still_open(stripe: Stripe, invoice: str) -> Decimal | None:
    """What is left to pay of an invoice now; nothing where it was given up. None: this account has no such invoice."""
    answer = stripe.http.get(f"v1/invoices/{quote(invoice, safe='')}", accept=(404,))
    # any server has no page for some address: that there is no such invoice is Stripe's to say
    if answer.status == 404 and dig(answer.json, "error.code") == "resource_missing":
        return None
    left, currency, status = (dig(answer.json, name) for name in ("amount_remaining", "currency", "status"))
    amount = units(left, currency) if isinstance(currency, str) else None
    if dig(answer.json, "id") != invoice or not isinstance(amount, Decimal) or not isinstance(status, str):
        raise SourceError(
            f"{answer.where}: the answer is not that invoice", "see whether the address is that of the API"
        )
    return amount if status == "open" else Decimal(0)


@contextmanager
def open_session(access: Access) -> Iterator[Stripe]:
    headers = {"Authorization": f"Bearer {access['api_key']}", "Stripe-Version": VERSION}
    if access["account"]:
        headers["Stripe-Account"] = access["account"]
    with Http(access["url"], access, headers=headers) as http:
        references = {kind: access[f"{kind}_reference"] for kind in ("customer", "invoice")}
        yield Stripe(http, access["api_key"].startswith("rk_"), references)


def check(stripe: Stripe) -> str:
    stripe.now()
    if stripe.is_restricted:
        return "logged in with a restricted key"
    return "logged in with a key that may also write: a restricted key that may read is enough"
