"""The session, which expires after some idle minutes, and the codes of the currencies."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from cartera.connectors.api import Access, Control, Page, Record, Resource, rest
from cartera.connectors.api.http import Http
from cartera.connectors.api.odata import KeyOrder, quoted, where
from cartera.connectors.api.paging import circle
from cartera.connectors.api.values import OF
from cartera.errors import SourceError

BY_HAND = ("ttJournalEntry", "ttOpeningBalance")
"""The journal entries that belong to no document."""


class ServiceLayer(Http):
    def __enter__(self) -> ServiceLayer:
        return self

    @cached_property
    def currencies(self) -> Mapping[str, str]:
        """The ISO code of each currency: companies name theirs as they like ("$", "S/"). "" is the company's own."""
        codes: dict[str, str] = {}
        while found := self.get("Currencies", {"$orderby": "Code asc", "$skip": str(len(codes))}).json["value"]:
            if found[-1]["Code"] in codes:
                raise circle(self, "Currencies")
            codes |= {one["Code"]: one.get("DocumentsCode") or one["Code"] for one in found}
        own = self.post("CompanyService_GetAdminInfo").json["LocalCurrency"]
        return {**codes, "": codes.get(own, own)}

    @cached_property
    def customers(self) -> frozenset[str]:
        """Whose accounts are receivable: journal entries name suppliers alike."""
        return frozenset(partner["CardCode"] for partner in partners(self, "CardCode"))

    @cached_property
    def has_foreign_entries(self) -> bool:
        """Whether a journal entry books another currency than the company's on a customer."""
        own = self.currencies[""]
        found = (record for page in pages(self, declared("JournalEntries"), None) for record in page.records)
        return any(line["currency"] != own for record in found for line in record["CustomerLines"])


@contextmanager
def open_session(access: Access) -> Iterator[ServiceLayer]:
    """Logged in, and out again: each session takes one of the licences of the server."""
    named = {"CompanyDB": access["company_db"], "UserName": access["user"], "Password": access["password"]}

    with Http(access["url"], access) as door:

        def logged_in() -> dict[str, str]:
            answer = door.post("Login", named)
            # behind a load balancer the session lives on one node
            route = re.search(r"ROUTEID=[^;,]+", answer.headers.get("set-cookie", ""))
            return {"Cookie": "; ".join([f"B1SESSION={answer.word('SessionId')}", *([route[0]] if route else [])])}

        size = {"Prefer": f"odata.maxpagesize={access.page_size}"}
        with ServiceLayer(access["url"], access, headers=size | logged_in(), renew=logged_in) as http:
            try:
                yield http
            finally:
                with suppress(SourceError):
                    http.post("Logout")


def pages(http: ServiceLayer, resource: Resource, since: dt.datetime | None) -> Iterator[Page]:
    """Of business partners the field that the source names is asked for as well; of journal entries those by hand."""
    if resource.path == "JournalEntries":
        for kind in BY_HAND:
            of_kind = {**resource.params, **where(f"OriginalJournal eq {quoted(kind)}")}
            yield from rest.pages(http, replace(resource, params=of_kind), since)
        return
    field = http.access["customer_reference"]
    if resource.path != "BusinessPartners" or not field:
        yield from rest.pages(http, resource, since)
        return
    asked = {**resource.params, "$select": f"{resource.params['$select']},{field}"}
    for page in rest.pages(http, replace(resource, params=asked), since):
        yield Page([{**record, "customer_reference": record.get(field)} for record in page.records])


def check(http: ServiceLayer) -> str:
    company = http.post("CompanyService_GetAdminInfo").json
    return f"logged in to {company.get('CompanyName')}, which keeps its books in {http.currencies['']}"


def count(http: Http, resource: Resource) -> int | None:
    if resource.path == "JournalEntries":
        return None  # most of them book no customer
    asked = {name: value for name, value in resource.params.items() if name == "$filter"}
    found = http.get(f"{resource.path}/$count", asked).json
    return found if isinstance(found, int) else None


def controls(http: ServiceLayer) -> Iterator[Control]:
    """What the business partners' accounts say that customers owe. It is kept in the company's currency alone: where a
    document is in another one, nothing says how much of the balance is, and there is no total."""

    own = http.post("CompanyService_GetAdminInfo").json["LocalCurrency"]
    for path in ("Invoices", "CreditNotes", "IncomingPayments", "VendorPayments"):
        if http.get(f"{path}/$count", {"$filter": f"DocCurrency ne {quoted(own)}"}).json:
            return
    if http.has_foreign_entries:
        return
    balances = (number(one["CurrentAccountBalance"]) for one in partners(http, "CardCode,CurrentAccountBalance"))
    yield Control(http.access.source, http.currencies[""], sum(balances, Decimal(0)))


def declared(path: str) -> Resource:
    from cartera.connectors.sapb1.entities import RESOURCES

    return next(one for one in RESOURCES if one.path == path)


def partners(http: Http, fields: str) -> Iterator[Record]:
    """The customers with these fields."""
    resource = declared("BusinessPartners")
    for page in KeyOrder(is_text=True).lists(http, resource, {**resource.params, "$select": fields}, None):
        yield from page


def number(value: Any) -> Decimal:
    found: Decimal | None = OF["amount"](value)
    return found or Decimal(0)


def with_currencies(http: ServiceLayer, records: Sequence[Record]) -> list[Record]:
    """`currency` and `company_currency`, by their ISO codes."""
    codes = http.currencies
    return [
        {
            **record,
            "currency": codes.get(record.get("DocCurrency") or "", record.get("DocCurrency")),
            "company_currency": codes[""],
        }
        for record in records
    ]


def with_customer_lines(http: ServiceLayer, records: Sequence[Record]) -> list[Record]:
    """`CustomerLines`: what an entry books on customers' accounts, each line in its currency; positive, they owe it.
    What else is in it (wages) is not for us, nor are entries without such a line. `CustomerSum`: in the company's
    currency."""
    codes, found = http.currencies, list[Record]()
    for record in records:
        lines, total = list[Record](), Decimal(0)
        for line in record.get("JournalEntryLines") or []:
            if line["ShortName"] not in http.customers:
                continue
            currency = codes.get(line.get("FCCurrency") or "", line.get("FCCurrency"))
            local = number(line["Debit"]) - number(line["Credit"])
            foreign = number(line.get("FCDebit")) - number(line.get("FCCredit"))
            total += local
            # a difference of rates is nothing in the line's own currency
            if amount := local if currency == codes[""] else foreign:
                kept = {name: line.get(name) for name in ("Line_ID", "ShortName", "DueDate")}
                lines.append({**kept, "currency": currency, "Amount": amount, "LocalAmount": local})
        if lines:
            rest_of_it = {name: value for name, value in record.items() if name != "JournalEntryLines"}
            ours = {"company_currency": codes[""], "CustomerLines": lines, "CustomerSum": total}
            found.append({**rest_of_it, **ours})
    return found
