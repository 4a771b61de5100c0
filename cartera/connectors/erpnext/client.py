"""The session, the rights, the counts and the keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from cartera.connectors.api import Access, Control, Resource
from cartera.connectors.api.http import Answer, Http
from cartera.connectors.api.paging import circle
from cartera.connectors.erpnext.entities import filters, number

KEYS_AT_ONCE = "10000"


def open_session(access: Access) -> Http:
    token = f"token {access['api_key']}:{access['api_secret']}"
    return Http(access["url"], access, headers={"Authorization": token}, problem_in=problem)


def problem(answer: Answer) -> str | None:
    """The framework answers some errors with status 200 and their name."""
    document = answer.json if isinstance(answer.json, dict) else {}
    return f"{document['exc_type']}: {document.get('exception', '')}" if document.get("exc_type") else None


def check(http: Http) -> str:
    return f"logged in as {http.get('api/method/frappe.auth.get_logged_user').json.get('message')}"


def count(http: Http, resource: Resource) -> int | None:
    doctype = resource.path.rpartition("/")[2]
    found = http.get("api/method/frappe.client.get_count", {"doctype": doctype}).json.get("message")
    return found if isinstance(found, int) else None


def keys(http: Http, resource: Resource) -> Iterator[Sequence[str]]:
    """By name, each page after the last name of the one before."""
    names = [""]
    while names:
        asked = {"fields": '["name"]', "order_by": "name asc", "limit_page_length": KEYS_AT_ONCE}
        found = http.get(resource.path, {**asked, **filters(("name", ">", names[-1]))}).json["data"]
        if found and found[-1]["name"] == names[-1]:
            raise circle(http, resource.name)
        names = [record["name"] for record in found]
        yield names


def controls(http: Http) -> Iterator[Control]:
    """What the ledger of the customers' accounts says, added up there; from 16 on sums are asked for in other words."""
    sides = {"debit": "debit_in_account_currency", "credit": "credit_in_account_currency"}
    ways: tuple[list[Any], ...] = (
        [f"sum({field}) as {name}" for name, field in sides.items()],
        [{"SUM": field, "as": name} for name, field in sides.items()],
    )
    by = ["company", "account_currency"]
    asked = {**filters(("party_type", "=", "Customer"), ("is_cancelled", "=", 0)), "limit_page_length": "0"}
    for way in ways:
        params = {**asked, "fields": json.dumps([*by, *way]), "group_by": "company, account_currency"}
        answer = http.get("api/resource/GL Entry", params, accept=() if way is ways[-1] else (417,))
        if answer.status == 200:
            for row in answer.json["data"]:
                yield Control(row["company"], row["account_currency"], number(row["debit"]) - number(row["credit"]))
            return
