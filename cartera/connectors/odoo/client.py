"""The session, the rights, and how a model is read: in the order of changes, with ties."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cached_property
from typing import Any

from cartera.connectors.api import Access, Control, Page, Record, Resource
from cartera.connectors.api.http import Http
from cartera.connectors.api.values import moment_of
from cartera.connectors.odoo import known
from cartera.connectors.odoo.entities import DOMAINS, RECEIVABLE
from cartera.connectors.odoo.matched import COMPLETED
from cartera.connectors.odoo.protocols import Call, call_of
from cartera.errors import SourceError

KEYS_AT_ONCE = 10_000
ENTRIES_AT_ONCE = 1_000
EVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
Domain = list[Any]


class Odoo:
    """A login. Archived records are read too, and those of all companies that the user may see."""

    def __init__(self, call: Call, access: Access) -> None:
        self._call, self.access = call, access
        self.context: dict[str, Any] = {"active_test": False, "tz": "UTC"}
        users = self.search("res.users", [["login", "=", access["user"]]], ["company_ids"])
        self.context["allowed_company_ids"] = users[0]["company_ids"] if users else []

    def search(
        self, model: str, domain: Domain, fields: Sequence[str], order: str = "id", limit: int | None = None
    ) -> list[Record]:
        asked = {"domain": domain, "fields": fields, "order": order, "context": self.context}
        found: list[Record] = self._call(model, "search_read", **asked, **({"limit": limit} if limit else {}))
        return found

    def by_id(self, model: str, domain: Domain, fields: Sequence[str], size: int) -> Iterator[list[Record]]:
        last, is_full = 0, True
        while is_full:
            page = self.search(model, [*domain, ["id", ">", last]], fields, limit=size)
            if page:
                yield page
                last = page[-1]["id"]
            is_full = len(page) == size

    def count(self, model: str, domain: Domain) -> int:
        return int(self._call(model, "search_count", domain=domain, context=self.context))

    def fields(self, resource: Resource) -> list[str]:
        """Those of the resource that this version has and this user may see."""
        known = self._call(resource.path, "fields_get", attributes=["type"], context=self.context)
        wanted = resource.params["fields"].split()
        needed = {column.name for column in resource.entity.columns if column.required} & set(wanted)
        if missing := sorted(needed - set(known)):
            raise SourceError(
                f"{self.access.source}: {resource.path} has no field {', '.join(missing)} for this user",
                "see whether the version of Odoo is one of 16 to 19, and whether the user may see invoicing",
            )
        return [name for name in wanted if name in known]

    @cached_property
    def journals(self) -> dict[int, str]:
        """The type of each journal: sale, bank, cash, general..."""
        return {journal["id"]: journal["type"] for journal in self.search("account.journal", [], ["type"])}

    @cached_property
    def companies(self) -> dict[int, Record]:
        fields = ["currency_id", "currency_exchange_journal_id"]
        return {company["id"]: company for company in self.search("res.company", [], fields)}

    @cached_property
    def exchange_journals(self) -> frozenset[int]:
        found = (company["currency_exchange_journal_id"] for company in self.companies.values())
        return frozenset(journal[0] for journal in found if journal)


@contextmanager
def open_session(access: Access) -> Iterator[Odoo]:
    with Http(access["url"], access) as http:
        yield Odoo(call_of(http, access), access)


def check(odoo: Odoo) -> str:
    """Asks for one line too: a right may be there for documents and not for entries."""
    for model in ("account.move", "account.move.line", "account.partial.reconcile", "res.partner"):
        odoo.search(model, [], ["id"], limit=1)
    companies = len(odoo.context["allowed_company_ids"])
    return f"logged in as {odoo.access['user']}, who sees {companies} {'company' if companies == 1 else 'companies'}"


def count(odoo: Odoo, resource: Resource) -> int:
    return odoo.count(resource.path, DOMAINS.get(resource.name, []))


def keys(odoo: Odoo, resource: Resource) -> Iterator[Sequence[str]]:
    for page in odoo.by_id(resource.path, DOMAINS.get(resource.name, []), ["id"], KEYS_AT_ONCE):
        yield [str(record["id"]) for record in page]


def controls(odoo: Odoo) -> Iterator[Control]:
    """The open lines added up: read_group would do it in floats."""
    domain = [RECEIVABLE, ["parent_state", "=", "posted"], ["reconciled", "=", False]]
    fields, sums = ["company_id", "currency_id", "amount_residual_currency"], defaultdict[Any, Decimal](Decimal)
    for page in odoo.by_id("account.move.line", domain, fields, KEYS_AT_ONCE):
        for line in page:
            sums[line["company_id"][1], line["currency_id"][1]] += Decimal(line["amount_residual_currency"])
    for (company, currency), total in sorted(sums.items()):
        yield Control(company, currency, total)


def pages(odoo: Odoo, resource: Resource, since: dt.datetime | None) -> Iterator[Page]:
    for records in _changes(odoo, resource, since):
        complete = COMPLETED.get(resource.name)
        yield Page(complete(odoo, records) if complete else records)
    if resource.name == "account_move_line" and since is not None:
        yield from _lost_lines(odoo, since)


def _lost_lines(odoo: Odoo, since: dt.datetime) -> Iterator[Page]:
    """The receivable lines that entries without a document had and have no more. One that is set back to draft, changed
    and posted again loses lines without a trace, but its own date of change moves."""
    changed = [["move_type", "=", "entry"], ["write_date", ">=", _written(since)]]
    for entries in odoo.by_id("account.move", changed, ["id"], ENTRIES_AT_ONCE):
        ids = [entry["id"] for entry in entries]
        landed = known.lines(odoo.access.source, ids)
        if landed:
            there = odoo.search("account.move.line", [RECEIVABLE, ["move_id", "in", ids]], ["id"])
            yield Page(gone=sorted(landed - {str(line["id"]) for line in there}))


def _changes(odoo: Odoo, resource: Resource, since: dt.datetime | None) -> Iterator[list[Record]]:
    """In the order of `write_date`. It is given in whole seconds but kept and ordered in microseconds: what comes after
    a record can only be asked for by the second, which is read again from its beginning."""
    model, domain, size = resource.path, DOMAINS.get(resource.name, []), odoo.access.page_size
    fields = odoo.fields(resource)
    at, seen = since or EVER, set[int]()
    is_full = True
    while is_full:
        page = odoo.search(model, [*domain, ["write_date", ">=", _written(at)]], fields, "write_date, id", size)
        if fresh := [record for record in page if record["id"] not in seen]:
            yield fresh
        is_full = len(page) == size
        last = _moment(page[-1]) if page else at
        if is_full and last == _moment(page[0]):
            # as many as a page holds share one second: the second by itself, in the order of ids
            bounds = [["write_date", ">=", _written(last)], ["write_date", "<", _written(last + SECOND)]]
            yield from odoo.by_id(model, [*domain, *bounds], fields, size)
            at, seen = last + SECOND, set()
        else:
            at, seen = last, {record["id"] for record in page if _moment(record) == last}
    if since is None:
        yield from odoo.by_id(model, [*domain, ["write_date", "=", False]], fields, size)


def _moment(record: Record) -> dt.datetime:
    return moment_of(record["write_date"]) or EVER


def _written(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
