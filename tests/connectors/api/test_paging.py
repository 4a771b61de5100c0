"""Every way of paging reads every record, also when the list changes while it is read."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from support.stub_server import Reply, Request, Stub, json_reply

from cartera.connectors.api import Access, Resource, paging, raw_entity, timestamp
from cartera.connectors.api.http import Http
from cartera.connectors.api.paging import LinkHeader, NextLink, Offset, PageNumber, Paging, Range, Seek, Token, Whole
from cartera.connectors.api.rest import pages as rest_pages
from cartera.errors import SourceError

DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
Record = dict[str, Any]


class Lists(Stub):
    """Serves `records` in every way; `between` is called after each page."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.records = [record(number) for number in range(count)]
        self.between: Callable[[], None] = lambda: None
        self.most = 1_000

    def answer(self, request: Request) -> Reply:
        reply = self._page(request)
        self.between()
        return reply

    def _page(self, request: Request) -> Reply:
        asked, path = request.params, request.path
        if path == "/range":
            first, last = map(int, request.headers["range"].removeprefix("records=").split("-"))
            page = self.records[first : last + 1]
            return json_reply(page) if page else Reply(416)
        if path == "/seek":
            found = sorted(self.records, key=lambda one: (one["changed"], one["id"]))
            if "after" in asked:
                moment, key = json.loads(asked["after"])
                found = [one for one in found if one["changed"] == moment and one["id"] > key]
            elif "later" in asked:
                found = [one for one in found if one["changed"] > asked["later"]]
            elif "since" in asked:
                found = [one for one in found if one["changed"] >= asked["since"]]
            return json_reply(found[: int(asked["limit"])])
        size = min(self.most, int(asked.get("limit") or asked.get("per_page") or 10_000))
        start = int(asked.get("offset") or asked.get("token") or (int(asked.get("page", 1)) - 1) * size)
        page, rest = self.records[start : start + size], start + size < len(self.records)
        if path == "/token":
            return json_reply({"data": page, "next": str(start + size) if rest else None})
        link = f"{self.url}{path}?limit={size}&offset={start + size}"
        if path == "/next":
            return json_reply({"value": page, **({"@odata.nextLink": link} if rest else {})})
        if path == "/link":
            return json_reply(page, **({"Link": f'<{link}>; rel="next"'} if rest else {}))
        return json_reply(page)


def record(number: int, changed: int | None = None) -> Record:
    moment = DAY + dt.timedelta(seconds=number // 7 if changed is None else changed)
    return {"id": f"K{number:04}", "changed": moment.isoformat()}


SEEK = Seek(
    after=lambda moment, key: {"after": json.dumps([moment.isoformat(), key])},
    later=lambda moment: {"later": moment.isoformat()},
)
WAYS: dict[str, tuple[Paging, str]] = {
    "whole": (Whole(), ""),
    "number": (PageNumber(), ""),
    "offset": (Offset(), ""),
    "token": (Token("next", "token", size="limit"), "data"),
    "next": (NextLink(size="limit"), "value"),
    "link": (LinkHeader(size="limit"), ""),
    "range": (Range(), ""),
    "seek": (SEEK, ""),
}


def resource(way: str, instead: Paging | None = None) -> Resource:
    ours, records = WAYS[way]
    return Resource(
        raw_entity("things", "id", timestamp("changed"), changed_at="changed"),
        path=way,
        paging=instead or ours,
        records=records,
        since=lambda moment: {"since": moment.isoformat()},
    )


def read(stub: Lists, one: Resource, page_size: int = 10) -> list[str]:
    with Http(stub.url, Access("erp", {}, page_size=page_size)) as http:
        return [record["id"] for page in rest_pages(http, one, None) for record in page.records]


@pytest.fixture
def stub() -> Iterator[Lists]:
    with Lists(53) as made:
        yield made


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 53])
def test_every_record_is_read(way: str, count: int) -> None:
    with Lists(count) as stub:
        assert set(read(stub, resource(way))) == {one["id"] for one in stub.records}


@pytest.mark.parametrize("way", ["number", "offset"])
def test_a_system_that_gives_less_than_asked_for_loses_nothing(stub: Lists, way: str) -> None:
    stub.most = 6
    assert set(read(stub, resource(way), 10)) == {one["id"] for one in stub.records}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 100])
def test_records_that_share_their_moment_are_all_read(size: int) -> None:
    with Lists(0) as stub:
        stub.records = [record(number, changed=number // 20) for number in range(45)]
        random.Random(7).shuffle(stub.records)
        found = read(stub, resource("seek"), size)
    assert sorted(set(found)) == [f"K{number:04}" for number in range(45)]


def test_seeking_reads_what_changes_meanwhile_and_misses_nothing(stub: Lists) -> None:
    later = iter(range(1_000, 2_000))
    dice = random.Random(3)

    def change() -> None:
        """Somebody saves a record, which moves to the end, and deletes another one."""
        if len(stub.requests) < 12:
            dice.choice(stub.records)["changed"] = record(0, changed=next(later))["changed"]
            stub.records.remove(dice.choice(stub.records))

    stub.between = change
    found = read(stub, resource("seek"), 5)
    assert {one["id"] for one in stub.records} <= set(found)


def test_an_offset_that_shifts_begins_again(stub: Lists) -> None:
    def remove_the_first() -> None:
        if len(stub.requests) == 2:
            del stub.records[:8]

    stub.between = remove_the_first
    assert {one["id"] for one in stub.records} <= set(read(stub, resource("offset")))
    offsets = [int(request.params["offset"]) for request in stub.requests]
    assert offsets.count(0) == 2


def test_an_offset_that_shifts_a_little_still_meets_the_page_before(stub: Lists) -> None:
    def remove_the_first() -> None:
        if len(stub.requests) == 2:
            del stub.records[:2]

    stub.between = remove_the_first
    assert {one["id"] for one in stub.records} <= set(read(stub, resource("offset")))
    assert [request.params["offset"] for request in stub.requests].count("0") == 1


def test_a_list_that_never_holds_still_is_given_up(stub: Lists) -> None:
    def always() -> None:
        stub.records = [record(number) for number in range(len(stub.requests) * 100, len(stub.requests) * 100 + 50)]

    stub.between = always
    with pytest.raises(SourceError, match="changes faster than it can be read"):
        read(stub, resource("offset"))


def test_a_circle_is_left() -> None:
    class Circle(Lists):
        def _page(self, request: Request) -> Reply:
            return json_reply({"data": [record(1)], "next": "again"})

    for way in ("token", "number"):
        with Circle(0) as stub, pytest.raises(SourceError, match="in a circle|again and again"):
            read(stub, replace(resource(way), records="data"))


@pytest.mark.parametrize("way", [way for way in WAYS if way != "whole"])
def test_a_system_that_ignores_where_to_go_on_is_given_up(way: str) -> None:
    """The first page again and again, with a token or link that is always new."""

    class Deaf(Lists):
        def _page(self, request: Request) -> Reply:
            page, more = self.records[:10], f"{len(self.requests)}"
            link = f"{self.url}/{way}?more={more}"
            if way in ("token", "next"):
                return json_reply({"data": page, "value": page, "next": more, "@odata.nextLink": link})
            return json_reply(page, Link=f'<{link}>; rel="next"')

    with Deaf(53) as stub, pytest.raises(SourceError, match="the same page again and again"):
        read(stub, resource(way))


def test_pages_without_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(Lists):
        def _page(self, request: Request) -> Reply:
            return json_reply([record(len(self.requests))])

    monkeypatch.setattr(paging, "MOST_PAGES", 7)
    with Endless(0) as stub, pytest.raises(SourceError, match="gives more than 7 pages"):
        read(stub, resource("number"))


def test_an_answer_without_the_list_is_an_error(stub: Lists) -> None:
    stub.fail(json_reply({"message": "maintenance"}))
    with pytest.raises(SourceError, match="has not a list at 'data' but an object with message"):
        read(stub, resource("token"))


@pytest.mark.parametrize("way", ["offset", "range", "seek"])
def test_a_server_that_heeds_nothing_is_left_with_one_clear_error(way: str) -> None:
    with Lists(10) as server:
        server.faults += [lambda _request: json_reply([record(number, 1) for number in range(10)])] * 50
        with pytest.raises(SourceError, match="again and again|in a circle"):
            read(server, resource(way))
        assert len(server.requests) < 10
