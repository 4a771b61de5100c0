"""The session with its token, transactions as flat records, disputes by the token of their next page."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, urlsplit

from cartera.connectors.api import Access, Page, Record, Resource, rest
from cartera.connectors.api.http import Answer, Http
from cartera.connectors.api.paging import Turns, records_in, where_of
from cartera.connectors.paypal.entities import refreshed

OLDEST_DISPUTE = dt.timedelta(days=179)


def open_session(access: Access) -> Http:
    return Http(access["url"], access, headers=token(access), renew=lambda: token(access), problem_in=problem)


def token(access: Access) -> Mapping[str, str]:
    """Holds for some hours. Asked for in a session of its own, in which a 401 is final."""
    login = base64.b64encode(f"{access['client_id']}:{access['client_secret']}".encode()).decode()
    with Http(access["url"], access, headers={"Authorization": f"Basic {login}"}) as http:
        granted = http.post("v1/oauth2/token", form={"grant_type": "client_credentials"}).json
    return {"Authorization": f"Bearer {granted.get('access_token')}"}


def problem(answer: Answer) -> str | None:
    document = answer.json if isinstance(answer.json, dict) else {}
    return f"{document['name']}: {document.get('message', '')}" if document.get("debug_id") else None


def check(http: Http) -> str:
    found = http.get("v1/reporting/balances").json
    return f"logged in for the account {found.get('account_id')}; its figures are of {found.get('last_refresh_time')}"


def pages(http: Http, resource: Resource, since: dt.datetime | None) -> Iterator[Page]:
    if resource.name == "disputes":
        # after a quiet half year the last one is older than what may be asked for
        oldest = refreshed(http) - OLDEST_DISPUTE
        yield from _disputes(http, resource, max(since or oldest, oldest))
        return
    for page in rest.pages(http, resource, since):
        yield Page([_flat(record) for record in page.records]) if resource.name == "transactions" else page


def _flat(record: Record) -> Record:
    """The date and the id must be fields of the record itself."""
    return {**(record.get("transaction_info") or {}), **record, "transaction_info": None}


def _disputes(http: Http, resource: Resource, since: dt.datetime) -> Iterator[Page]:
    asked = {"update_time_after": since.isoformat(timespec="milliseconds").replace("+00:00", "Z"), "page_size": "50"}
    turns = Turns(where_of(http, resource))
    while True:
        answer = http.get(resource.path, asked)
        yield Page(turns.checked(records_in(answer, resource)))
        links = [link["href"] for link in answer.json.get("links") or () if link.get("rel") == "next"]
        following = parse_qs(urlsplit(links[0]).query).get("next_page_token") if links else None
        if not following:
            return
        turns.check_mark(following[0])
        asked = {**asked, "next_page_token": following[0]}
