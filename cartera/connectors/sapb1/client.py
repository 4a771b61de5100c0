"""The session, which expires after some idle minutes, and the codes of the currencies."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from functools import cached_property

from cartera.connectors.api import Access, Control, Page, Record, Resource, rest
from cartera.connectors.api.http import Http
from cartera.connectors.api.odata import KeyOrder, quoted
from cartera.connectors.api.paging import circle
from cartera.connectors.api.values import OF
from cartera.errors import SourceError


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
    """Of business partners the field that the source names is asked for as well."""
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
    asked = {name: value for name, value in resource.params.items() if name == "$filter"}
    found = http.get(f"{resource.path}/$count", asked).json
    return found if isinstance(found, int) else None


def controls(http: ServiceLayer) -> Iterator[Control]:
    """What the business partners' accounts say that customers owe. It is kept in the company's currency alone: where a
    document is in another one, nothing says how much of the balance is, and there is no total."""
    from cartera.connectors.sapb1.entities import RESOURCES

    own = http.post("CompanyService_GetAdminInfo").json["LocalCurrency"]
    for path in ("Invoices", "CreditNotes", "IncomingPayments", "VendorPayments"):
        if http.get(f"{path}/$count", {"$filter": f"DocCurrency ne {quoted(own)}"}).json:
            return
    partners = next(one for one in RESOURCES if one.path == "BusinessPartners")
    asked = {**partners.params, "$select": "CardCode,CurrentAccountBalance"}
    total = sum(
        (
            OF["amount"](partner["CurrentAccountBalance"]) or Decimal(0)
            for page in KeyOrder(is_text=True).lists(http, partners, asked, None)
            for partner in page
        ),
        Decimal(0),
    )
    yield Control(http.access.source, http.currencies[""], total)


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
