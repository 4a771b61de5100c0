"""The session, its token and its company; and what is asked beside the tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cached_property
from typing import Any

from cartera.connectors.api import Access, Control, Record, Resource
from cartera.connectors.api.http import Answer, Http
from cartera.connectors.api.odata import quoted, where
from cartera.connectors.api.paging import Turns, where_of
from cartera.errors import SourceError

LINKS_AT_ONCE = 50
"""Entry numbers in one filter: the address must not become too long."""


class BusinessCentral(Http):
    """`{company}` in a path stands for the company of the source."""

    def __enter__(self) -> BusinessCentral:
        return self

    def get(self, path: str, *arguments: Any, **more: Any) -> Answer:
        return super().get(path.replace("{company}", self.company) if "{" in path else path, *arguments, **more)

    @cached_property
    def company(self) -> str:
        name = self.access["company"]
        found = super().get("v2.0/companies", where(f"name eq {quoted(name)}")).json["value"]
        if len(found) != 1:
            raise SourceError(
                f"{self.access.source}: there is no company {name!r} in {self.access['environment']}",
                "write its name as in the list of companies, and give the app access to it",
            )
        return f"companies({found[0]['id']})"

    @cached_property
    def currency(self) -> str:
        """Of the company: its amounts name none."""
        (found,) = self.get("v2.0/{company}/companyInformation").json["value"]
        return str(found["currencyCode"])


@contextmanager
def open_session(access: Access) -> Iterator[BusinessCentral]:
    asked = {
        "grant_type": "client_credentials",
        "client_id": access["client_id"],
        "client_secret": access["client_secret"],
        "scope": "https://api.businesscentral.dynamics.com/.default",
    }
    with Http(access["login_url"], access) as door:

        def token() -> dict[str, str]:
            answer = door.post(f"{access['tenant']}/oauth2/v2.0/token", form=asked)
            return {"Authorization": f"Bearer {answer.word('access_token')}"}

        base = f"{access['url']}/v2.0/{access['tenant']}/{access['environment']}/api"
        # read from the replica: the people who work there don't notice
        with BusinessCentral(base, access, headers=token() | {"Data-Access-Intent": "ReadOnly"}, renew=token) as http:
            yield http


def check(http: BusinessCentral) -> str:
    http.get(LEDGER, {"$top": "1"})
    http.get(LINKS, {"$top": "1"})
    return f"may read the customer ledger of {http.access['company']}, which keeps its books in {http.currency}"


def count(http: BusinessCentral, resource: Resource) -> int | None:
    found = http.get(f"{resource.path}/$count").json
    return found if isinstance(found, int) else None


def keys(http: BusinessCentral, resource: Resource) -> Iterator[Sequence[str]]:
    last, turns = "", Turns(where_of(http, resource))
    while True:
        asked = {"$select": "number", "$orderby": "number asc", "$top": "5000", **where(f"number gt {quoted(last)}")}
        found = [record["number"] for record in turns.checked(http.get(resource.path, asked).json["value"])]
        if not found:
            return
        yield found
        last = found[-1]


def controls(http: BusinessCentral) -> Iterator[Control]:
    """The aged receivables of all customers. They are in the company's currency: with entries in others, they say
    nothing about ours."""
    if not http.get(LEDGER, {"$top": "1", **where("currencyCode ne ''")}).json["value"]:
        rows = http.get("v2.0/{company}/agedAccountsReceivables").json["value"]
        # a row without a customer is the total
        yield Control(
            http.access["company"],
            http.currency,
            sum((row["balanceDue"] for row in rows if row["customerNumber"]), Decimal(0)),
        )


LEDGER = "microsoft/reportsFinance/beta/{company}/detailedCustomerLedgerEntries"
LINKS = "microsoft/analytics/v1.0/{company}/customerLedgerEntries"


def with_links(http: BusinessCentral, records: Sequence[Record]) -> list[Record]:
    """The entries with the document they belong to and the one they were applied to, and their currency by its code."""
    numbers = [record["entryNumber"] for record in records]
    if numbers and numbers[-1] - numbers[0] < 2 * len(numbers):
        asked = [where(f"dcleEntryNo ge {numbers[0]}", f"dcleEntryNo le {numbers[-1]}")]
    else:
        parts = (numbers[start : start + LINKS_AT_ONCE] for start in range(0, len(numbers), LINKS_AT_ONCE))
        asked = [where(" or ".join(f"dcleEntryNo eq {number}" for number in part)) for part in parts]
    links = {link["dcleEntryNo"]: link for one in asked for link in http.get(LINKS, one).json["value"]}
    missing = [number for number in numbers if number not in links]
    if missing:
        raise SourceError(
            f"{http.access.source}: the analytics API leaves out {len(missing):,} entries of the customer ledger,"
            f" {missing[0]} among them",
            "take the date range out of the setup of the Power BI reports for finance in Business Central, and run"
            " again",
        )
    return [
        {
            **record,
            **links[record["entryNumber"]],
            "currency": record["currencyCode"] or http.currency,
            "company_currency": http.currency,
        }
        for record in records
    ]


def with_currency(http: BusinessCentral, records: Sequence[Record]) -> list[Record]:
    """Credit limits are in the company's currency, whatever the customer is invoiced in."""
    return [{**record, "company_currency": http.currency} for record in records]
