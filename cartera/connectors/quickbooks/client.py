"""The session, queries in the order of change, what was deleted, and what the customers owe now."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from cartera.connectors.api import Access, Control, Page, Record, Resource
from cartera.connectors.api.by_change import by_change
from cartera.connectors.api.http import Answer, Http
from cartera.connectors.api.oauth import Tokens
from cartera.connectors.api.paging import circle
from cartera.connectors.api.system import dig
from cartera.connectors.quickbooks.entities import (
    CUSTOMERS,
    JOURNAL,
    OWED,
    PAID,
    RESOURCES,
    number,
    receivable_parts,
    used,
)
from cartera.errors import SourceError

MOST = 1000
"""Records of one answer."""
NAMED_AT_ONCE = 100


@dataclass
class QuickBooks:
    """One company."""

    http: Http
    realm: str
    reference: str = ""
    """The field of customers with their code in another system."""

    def get(self, path: str, **params: str) -> Answer:
        return self.http.get(f"v3/company/{self.realm}/{path}", {**params, "minorversion": "75"})

    def query(self, text: str) -> dict[str, Any]:
        answer = self.get("query", query=text)
        found = dig(answer.json, "QueryResponse")
        if not isinstance(found, dict):
            raise SourceError(f"{answer.where}: answered no QueryResponse", "see whether the address is right")
        return found

    def records(self, entity: str, *conditions: str, more: str = "") -> list[Record]:
        found: list[Record] = self.query(selecting("*", entity, *conditions) + more).get(entity, [])
        return found

    @cached_property
    def currency(self) -> str:
        """The one of the books."""
        return str(dig(self.records("Preferences")[0], "CurrencyPrefs.HomeCurrency.value"))

    @cached_property
    def receivable_accounts(self) -> frozenset[str]:
        return frozenset(account["Id"] for account in self.accounts())

    def accounts(self) -> list[Record]:
        """The receivable accounts as they are now, one for each currency; without the condition inactive ones are left
        out."""
        only = "AccountType = 'Accounts Receivable'", "Active in (true, false)"
        return self.records("Account", *only, more=f" maxresults {MOST}")

    @cached_property
    def name(self) -> str:
        return str(self.records("CompanyInfo")[0]["CompanyName"])


def selecting(what: str, entity: str, *conditions: str) -> str:
    """A query in their language, which binds no values; all of it is ours."""
    return " ".join(("select", what, "from", entity, *(("where", " and ".join(conditions)) if conditions else ())))


@contextmanager
def open_session(access: Access) -> Iterator[QuickBooks]:
    client = access["client_id"], access["client_secret"], access["refresh_token"]
    with Tokens(access, access["token_url"], *client).session(access["url"], problem_in=problem) as http:
        yield QuickBooks(http, access["realm_id"], access["customer_reference"])


def problem(answer: Answer) -> str | None:
    """A Fault in a 200, at the top or in one of several answers."""
    document = answer.json if isinstance(answer.json, dict) else {}
    for part in (document, *(document.get("CDCResponse") or ())):
        if fault := part.get("Fault") or part.get("fault"):
            errors = fault.get("Error") or fault.get("error") or [{}]
            return ", ".join(str(one) for one in (fault.get("type"), *errors[0].values()) if one)
    return None


def pages(books: QuickBooks, resource: Resource, since: dt.datetime | None) -> Iterator[Page]:
    """Open invoices come before the changes: a long reading of these must not move the cursor past what changed
    meanwhile."""
    is_owed = resource.path == OWED and since is not None
    for records in still_open(books) if is_owed else ():
        yield Page(completed(books, resource, records))
    for records in ordered(books, resource, since, "LastUpdatedTime"):
        yield Page(completed(books, resource, records))
    if since is not None:
        for records in paid_since(books, since) if is_owed else ():
            yield Page(completed(books, resource, records))
        yield Page(gone=deleted(books, resource, since))


def still_open(books: QuickBooks) -> Iterator[list[Record]]:
    """Nobody promises that a payment moves the invoice's own date of change, and a balance that is out of date would
    not tie."""
    size, start, last = min(books.http.access.page_size, MOST), 1, list[Record]()
    while found := books.records(OWED, "Balance > '0'", more=f" orderby Id startposition {start} maxresults {size}"):
        if found == last:
            raise circle(books.http, OWED)
        yield found
        start, last = start + len(found), found


def paid_since(books: QuickBooks, since: dt.datetime) -> Iterator[list[Record]]:
    """Invoices that a payment named which changed, for the same reason."""
    named = {
        key
        for payments in ordered(books, entity(PAID), since, "LastUpdatedTime")
        for payment in payments
        for key in used(payment, OWED)
    }
    yield from by_id(books, OWED, named)


def entity(path: str) -> Resource:
    return next(resource for resource in RESOURCES if resource.path == path)


def completed(books: QuickBooks, resource: Resource, records: Sequence[Record]) -> list[Record]:
    more = {"HomeCurrency": books.currency}
    found = [{**one, **more, "LastUpdatedTime": dig(one, "MetaData.LastUpdatedTime")} for one in records]
    if resource.path == JOURNAL:
        return [{**one, "Receivable": receivable_parts(one, books.receivable_accounts)} for one in found]
    if resource.path == CUSTOMERS and books.reference:
        return [{**one, "CustomerReference": one.get(books.reference)} for one in found]
    if resource.path == PAID:
        named = {key for one in found for key in used(one, JOURNAL)}
        entries = journals(books, named) if named else {}
        return [
            {**one, "Journals": {key: entries[key] for key in used(one, JOURNAL) if key in entries}} for one in found
        ]
    return found


def journals(books: QuickBooks, named: Collection[str]) -> dict[str, list[Record]]:
    """What the entries that payments name book on receivable accounts: a payment does not say on which side it does."""
    found: dict[str, list[Record]] = {}
    for records in by_id(books, JOURNAL, named):
        found |= {record["Id"]: receivable_parts(record, books.receivable_accounts) for record in records}
    return found


def by_id(books: QuickBooks, entity_name: str, named: Collection[str]) -> Iterator[list[Record]]:
    # they go into a query
    keys = sorted(key for key in named if key.isascii() and key.isdigit())
    for start in range(0, len(keys), NAMED_AT_ONCE):
        listed = ", ".join(f"'{key}'" for key in keys[start : start + NAMED_AT_ONCE])
        yield books.records(entity_name, f"Id in ({listed})", more=f" maxresults {NAMED_AT_ONCE}")


def controls(books: QuickBooks) -> Iterator[Control]:
    """The balances of the receivable accounts, each in its own currency."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for account in books.accounts():
        sums[dig(account, "CurrencyRef.value") or books.currency] += number(account.get("CurrentBalance"))
    for currency, amount in sorted(sums.items()):
        yield Control(books.name, currency, amount)


def ordered(books: QuickBooks, resource: Resource, since: dt.datetime | None, by: str) -> Iterator[list[Record]]:
    """All, in the order of a date in MetaData."""
    size = min(books.http.access.page_size, MOST)
    date = f"MetaData.{by}"

    def ask(moment: dt.datetime | None, number: int) -> tuple[list[Record], bool]:
        after = [f"{date} >= '{moment:%Y-%m-%dT%H:%M:%SZ}'"] if moment else []
        place = f" orderby {date}, Id startposition {number * size + 1} maxresults {size}"
        found = books.records(resource.path, *resource.params.values(), *after, more=place)
        return found, len(found) == size

    yield from by_change(books.http, resource, since, ask, lambda record: dig(record, date))


def deleted(books: QuickBooks, resource: Resource, since: dt.datetime) -> list[str]:
    """The keys of what was deleted, as far as QuickBooks remembers: 30 days, and the last thousand changes. What is
    older or more is found when all keys are compared."""
    path = f"v3/company/{books.realm}/cdc"
    params = {"entities": resource.path, "changedSince": f"{since:%Y-%m-%dT%H:%M:%SZ}", "minorversion": "75"}
    answer = books.http.get(path, params, accept=(400,))
    if answer.status == 400:
        return []
    lists = [one for part in answer.json["CDCResponse"] for one in part.get("QueryResponse", [])]
    records = [record for one in lists for record in one.get(resource.path, [])]
    return [record["Id"] for record in records if record.get("status") == "Deleted"]


def keys(books: QuickBooks, resource: Resource) -> Iterator[Sequence[str]]:
    """By date of creation, which does not move while we read."""
    for records in ordered(books, resource, None, "CreateTime"):
        yield [record["Id"] for record in records]


def check(books: QuickBooks) -> str:
    return f"company {books.name}, books in {books.currency}"


def count(books: QuickBooks, resource: Resource) -> int | None:
    found = books.query(selecting("count(*)", resource.path, *resource.params.values())).get("totalCount")
    return found if isinstance(found, int) else None
