"""The session, the pages in the order of change, and what the organisation is owed now."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from cartera.connectors.api import Access, Control, Page, Record, Resource
from cartera.connectors.api.by_change import by_change
from cartera.connectors.api.http import Answer, Http
from cartera.connectors.api.oauth import Tokens
from cartera.connectors.api.paging import PageNumber, records_in
from cartera.connectors.api.system import dig
from cartera.connectors.api.values import OF
from cartera.connectors.xero.entities import IN_FAVOUR, OWED, kept

BY_NUMBER = PageNumber(page="page", size="pageSize")


@dataclass
class Xero:
    """One organisation."""

    http: Http

    @cached_property
    def organisation(self) -> Record:
        return dict(self.http.get("api.xro/2.0/Organisation").json["Organisations"][0])


@contextmanager
def open_session(access: Access) -> Iterator[Xero]:
    tokens = Tokens(
        access,
        access["identity_url"].rstrip("/") + "/connect/token",
        access["client_id"],
        access["client_secret"],
        access["refresh_token"],
    )
    headers = {"Xero-tenant-id": access["tenant_id"]} if access["tenant_id"] else {}
    with tokens.session(access["url"], headers=headers, problem_in=problem) as http:
        yield Xero(http)


def problem(answer: Answer) -> str | None:
    """An envelope that is not OK, or an exception in its place."""
    document = answer.json if isinstance(answer.json, dict) else {}
    status = document.get("Status", "OK")
    if status == "OK" and "ErrorNumber" not in document:
        return None
    return f"{document.get('Type') or status}: {document.get('Message') or document.get('Detail') or ''}"


def pages(xero: Xero, resource: Resource, since: dt.datetime | None) -> Iterator[Page]:
    """What changed. Of invoices also all that are open, because Xero does not date every change of one that is paid
    in part (its due date)."""
    base = xero.organisation["BaseCurrency"]

    def ask(moment: dt.datetime | None, number: int) -> tuple[list[Record], bool]:
        # to the second, and whether that second itself is meant is not said
        after = {"If-Modified-Since": f"{moment - dt.timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}"} if moment else None
        answer = xero.http.get(resource.path, asked(xero, resource, number + 1), headers=after)
        last = dig(answer.json, "pagination.pageCount")
        records = records_in(answer, resource)
        return records, bool(records) if last is None else number + 1 < last

    def page(records: list[Record]) -> Page:
        return Page([{**record, "BaseCurrency": base} for record in records if kept(resource, record)])

    # before the changes: a long reading of these must not move the cursor past what changed meanwhile
    if resource.name == OWED and since is not None:
        for records in authorised(xero, resource):
            yield page(records)
    for records in by_change(xero.http, resource, since, ask, lambda record: record.get("UpdatedDateUTC")):
        yield page(records)


def asked(xero: Xero, resource: Resource, number: int) -> Mapping[str, str]:
    size = {"page": str(number), "pageSize": str(xero.http.access.page_size)}
    return {**resource.params, **size, "order": "UpdatedDateUTC ASC"}


def authorised(xero: Xero, resource: Resource) -> Iterator[list[Record]]:
    """All that are posted and not settled. By id: what is settled meanwhile is the only thing that moves others."""
    where = " AND ".join(filter(None, (resource.params.get("where"), 'Status=="AUTHORISED"')))
    params = {**resource.params, "where": where, "order": f"{resource.entity.key} ASC"}
    yield from BY_NUMBER.lists(xero.http, resource, params, None)


def controls(xero: Xero) -> Iterator[Control]:
    """What is due on invoices, less the credit that remains, by currency."""
    from cartera.connectors.xero.entities import RESOURCES

    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for resource in RESOURCES:
        field = "AmountDue" if resource.name == OWED else "RemainingCredit"
        for records in authorised(xero, resource) if resource.name in (OWED, *IN_FAVOUR) else ():
            for record in filter(lambda one: kept(resource, one), records):
                amount = OF["amount"](record[field])
                sums[record["CurrencyCode"]] += amount if resource.name == OWED else -amount
    for currency, amount in sorted(sums.items()):
        yield Control(xero.organisation["Name"], currency, amount)


def check(xero: Xero) -> str:
    return f"organisation {xero.organisation['Name']}, books in {xero.organisation['BaseCurrency']}"


def count(xero: Xero, resource: Resource) -> int | None:
    params = {**resource.params, "page": "1", "pageSize": "1"}
    found: Any = xero.http.get(resource.path, params).json.get("pagination", {}).get("itemCount")
    return found if isinstance(found, int) else None
