"""OData in the order of keys: every record once, also when records come, go and change while they are read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from support.stub_server import Reply, Request, Stub, json_reply

from cartera.connectors.api import Access, Resource, raw_entity, timestamp
from cartera.connectors.api.http import Http
from cartera.connectors.api.odata import KeyOrder, quoted, where
from cartera.connectors.api.rest import pages
from cartera.errors import SourceError

SINCE = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


class Server(Stub):
    """Codes with a quote in them, in the server's order; those with an odd number changed lately."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.codes = [f"o'{number:03}" for number in range(count)]
        self.between: Callable[[], None] = lambda: None

    def answer(self, request: Request) -> Reply:
        found = sorted(self.codes)
        for condition in request.params.get("$filter", "").split(" and "):
            if condition.startswith("code gt "):
                after = condition.removeprefix("code gt ")[1:-1].replace("''", "'")
                found = [code for code in found if code > after]
            elif condition:
                assert condition == "changed ge 2026-01-02"
                found = [code for code in found if int(code[-1]) % 2]
        assert request.params["$orderby"] == "code asc"
        self.between()
        return json_reply({"value": [{"code": code, "changed": "2026-01-03"} for code in found][
            : int(request.params["$top"])]})  # fmt: skip


TABLE = Resource(
    raw_entity("things", "code", timestamp("changed"), changed_at="changed"),
    path="things",
    paging=KeyOrder(is_text=True),
    records="value",
    since=lambda moment: where(f"changed ge {moment.date()}"),
)


def read(server: Server, since: dt.datetime | None = None) -> list[str | None]:
    with Http(server.url, Access("shop", {}, page_size=10)) as http:
        return [record.get("code") for page in pages(http, TABLE, since) for record in page.records]


def test_all_are_read_once_and_those_that_changed_beside_their_keys() -> None:
    with Server(35) as server:
        assert read(server) == server.codes
        assert read(server, SINCE) == server.codes[1::2]
        assert server.requests[-1].params["$filter"] == "changed ge 2026-01-02 and code gt 'o''033'"


def test_what_comes_and_goes_while_it_is_read_hides_nothing_else() -> None:
    with Server(35) as server:
        before = set(server.codes)
        gone: list[str] = []

        def change() -> None:
            if len(gone) < 3:
                gone.append(server.codes.pop(0))
                server.codes.append(f"o'9{len(gone)}9")

        server.between = change
        found = read(server)
        assert len(found) == len(set(found)) and (before - set(gone)) <= {code or "" for code in found}


def test_a_server_that_ignores_the_filter_does_not_lead_in_a_circle() -> None:
    class Deaf(Server):
        def answer(self, request: Request) -> Reply:
            return json_reply({"value": [{"code": "one"}]})

    with Deaf(1) as server, pytest.raises(SourceError, match="the same page again and again"):
        read(server)


def test_a_record_without_its_key_is_told() -> None:
    class Keyless(Server):
        def answer(self, request: Request) -> Reply:
            return json_reply({"value": [{"changed": "2026-01-03"}]})

    with Keyless(1) as server, pytest.raises(SourceError, match="a record without code"):
        read(server)


@pytest.mark.parametrize(
    ("conditions", "said"), [((), {}), (("", "a eq 1"), {"$filter": "a eq 1"}), (("a", "b"), {"$filter": "a and b"})]
)
def test_conditions_are_put_together(conditions: tuple[str, ...], said: dict[str, Any]) -> None:
    assert where(*conditions) == said and quoted("o'x") == "'o''x'"
