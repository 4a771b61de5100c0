"""The session, the rights, the counts and the keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cartera.connectors.api import Access, Resource
from cartera.connectors.api.http import Answer, Http
from cartera.connectors.api.system import dig

KEYS_AT_ONCE = 10_000


def open_session(access: Access) -> Http:
    token = f"token {access['api_key']}:{access['api_secret']}"
    return Http(access["url"], access, headers={"Authorization": token}, problem_in=_problem)


def _problem(answer: Answer) -> str | None:
    """The framework answers some errors with status 200 and their name."""
    document = answer.json if isinstance(answer.json, dict) else {}
    kind = document.get("exc_type")
    return f"{kind}: {document.get('exception', '')}" if kind else None


def check(http: Http) -> str:
    user = http.get("api/method/frappe.auth.get_logged_user").json.get("message")
    return f"logged in as {user}"


def count(http: Http, resource: Resource) -> int | None:
    doctype = resource.path.rpartition("/")[2]
    found = http.get("api/method/frappe.client.get_count", {"doctype": doctype}).json.get("message")
    return found if isinstance(found, int) else None


def keys(http: Http, resource: Resource) -> Iterator[Sequence[str]]:
    """By name, each page after the last name of the one before."""
    last = ""
    while True:
        params = {
            "fields": '["name"]',
            "filters": f'[["name", ">", {_quoted(last)}]]',
            "order_by": "name asc",
            "limit_page_length": str(KEYS_AT_ONCE),
        }
        names = [str(dig(record, "name")) for record in http.get(resource.path, params).json["data"]]
        if not names:
            return
        yield names
        last = names[-1]


def _quoted(text: str) -> str:
    import json

    return json.dumps(text)
