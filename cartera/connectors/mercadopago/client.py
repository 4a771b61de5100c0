"""The session, what was received (and not paid) by the account, chargebacks, the settlement reports as files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from cartera.connectors.api import Access, Page, Record, Resource, raw_entity, rest
from cartera.connectors.api.http import Answer, Http
from cartera.connectors.api.paging import records_in
from cartera.connectors.api.reports import csv_records
from cartera.connectors.api.values import moment_of
from cartera.connectors.mercadopago import known

CHARGEBACKS = Resource(raw_entity("chargebacks", "id"), "v1/chargebacks/search", records="results")


class Session(Http):
    @cached_property
    def charged_back(self) -> frozenset[str]:
        return known.charged_back(self.access.source)


def open_session(access: Access) -> Session:
    return Session(
        access["url"], access, headers={"Authorization": f"Bearer {access['access_token']}"}, problem_in=problem
    )


def problem(answer: Answer) -> str | None:
    """An error that comes with status 200; a report is no JSON."""
    document = answer.json if "json" in answer.headers.get("content-type", "") else None
    if isinstance(document, dict) and document.get("error"):
        return f"{document['error']}: {document.get('message', '')}"
    return None


def check(http: Http) -> str:
    account = http.get("users/me").json
    return f"logged in as {account.get('nickname')} ({account.get('id')}, {account.get('site_id')})"


def pages(http: Http, resource: Resource, since: dt.datetime | None) -> Iterator[Page]:
    if resource.name == "settlement_report":
        return _reports(http, resource, since)
    if resource.name == "payments":
        # without it the search finds what the account itself paid, too
        account = str(http.get("users/me").json["id"])
        resource = replace(resource, params={**resource.params, "collector.id": account})
    return rest.pages(http, resource, since)


def with_chargebacks(http: Session, records: Sequence[Record]) -> Sequence[Record]:
    """They can be asked for by payment alone; a change of a chargeback changes its payment. One that was won leaves its
    payment approved: what was charged back before is asked for again, so that its end is seen."""
    return [
        {**record, "chargebacks": _cases(http, str(record["id"]))}
        if record.get("status") == "charged_back" or str(record["id"]) in http.charged_back
        else record
        for record in records
    ]


def _cases(http: Http, payment_id: str) -> list[Record]:
    """A case may concern several payments, and its amount is that of all: the first of them has it."""
    found = records_in(http.get(CHARGEBACKS.path, {"payment_id": payment_id}), CHARGEBACKS)
    return [case for case in found if str(next(iter(case.get("payments") or ()), payment_id)) == payment_id]


def _reports(http: Http, resource: Resource, since: dt.datetime | None) -> Iterator[Page]:
    """The CSV reports made since then, a line a record. A line is in each report that covers its day."""
    for report in sorted(http.get(f"{resource.path}/list").json, key=lambda report: str(report.get("date_created"))):
        made, name = moment_of(report.get("date_created")), str(report.get("file_name") or "")
        if made is not None and name.endswith(".csv") and (since is None or made >= since):
            answer = http.get(f"{resource.path}/{name}", headers={"Accept": "text/csv"})
            fixed = {"date_created": report["date_created"], "file_name": name}
            lines = enumerate(csv_records(answer.body, answer.where, "transaction_type"), 1)
            yield Page([{**line, **fixed, "line": f"{name}:{number}"} for number, line in lines])
