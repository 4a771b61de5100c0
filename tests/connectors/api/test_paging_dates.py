"""Paging by dates reads every record: with many of one moment, while they change, in windows that hold too many."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.stub_server import Reply, Request, Stub, json_reply

from cartera.connectors.api import Access, Resource, raw_entity, timestamp
from cartera.connectors.api.http import Http
from cartera.connectors.api.paging_dates import SeekDate, Windows
from cartera.connectors.api.rest import pages as rest_pages
from cartera.errors import SourceError

DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
END = DAY + dt.timedelta(days=100)
Record = dict[str, Any]


class Dated(Stub):
    """Serves `records` by date of change: by offset, or in windows that may hold no more than `most`."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Record] = []
        self.between: Callable[[], None] = lambda: None
        self.most = 10_000

    def answer(self, request: Request) -> Reply:
        asked = request.params
        first, last = asked["since"], asked.get("until", "9")
        found = sorted((one for one in self.records if first <= one["changed"] <= last), key=lambda one: one["changed"])
        size = int(asked.get("limit") or asked.get("page_size") or 0)
        if request.path == "/windows":
            if dt.datetime.fromisoformat(last) - dt.datetime.fromisoformat(first) > dt.timedelta(days=31):
                return json_reply({"name": "INVALID_REQUEST"}, 400)
            if len(found) > self.most:
                return json_reply({"name": "TOO_MANY"}, 400)
            start = (int(asked["page"]) - 1) * size
        else:
            start = int(asked["offset"])
        reply = json_reply({"data": found[start : start + size], "total": len(found), "pages": -(-len(found) // size)})
        self.between()
        return reply


def record(number: int, seconds: float) -> Record:
    return {"id": f"K{number:04}", "changed": (DAY + dt.timedelta(seconds=seconds)).isoformat(timespec="seconds")}


WINDOWS = Windows(
    asked=lambda first, last: {"since": first.isoformat(), "until": last.isoformat()},
    until=lambda _http: END,
    span=dt.timedelta(days=31),
    total="total",
    pages="pages",
    is_too_much=lambda answer: answer.json.get("name") == "TOO_MANY",
)


def resource(path: str, paging: Any) -> Resource:
    return Resource(
        raw_entity("things", "id", timestamp("changed"), changed_at="changed"),
        path=path,
        paging=paging,
        records="data",
        since=lambda moment: {"since": moment.isoformat(timespec="seconds")},
    )


SEEK = resource("seek", SeekDate())
WINDOWED = resource("windows", WINDOWS)


@pytest.fixture
def stub() -> Iterator[Dated]:
    with Dated() as made:
        yield made


def read(stub: Dated, what: Resource, since: dt.datetime | None = None, size: int = 10) -> list[str]:
    access = Access("src", {"url": stub.url, "start_date": "2026-01-01"}, page_size=size)
    with Http(stub.url, access) as http:
        return [one["id"] for page in rest_pages(http, what, since) for one in page.records]


@pytest.mark.parametrize("at_once", [1, 9, 10, 11, 35])
@pytest.mark.parametrize("what", [SEEK, WINDOWED], ids=["seek", "windows"])
def test_every_record_is_read(stub: Dated, what: Resource, at_once: int) -> None:
    stub.records = [record(number, number // at_once * 86_400) for number in range(70)]
    found = read(stub, what)
    assert set(found) == {one["id"] for one in stub.records}
    assert set(read(stub, what, DAY + dt.timedelta(days=1))) == {one["id"] for one in stub.records[at_once:]}


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_an_empty_list_and_single_records_end(stub: Dated, size: int) -> None:
    assert read(stub, SEEK, size=size) == []
    stub.records = [record(1, 5)]
    assert read(stub, SEEK, size=size) == ["K0001"]
    stub.records.append(record(2, 6))
    assert set(read(stub, SEEK, size=size)) == {"K0001", "K0002"}


def test_records_that_move_while_they_are_read_are_not_missed(stub: Dated) -> None:
    rng = random.Random(5)
    stub.records = [record(number, number // 25) for number in range(120)]
    clock = iter(range(1_000, 9_000))

    def move() -> None:
        if len(moved) < 12:
            moved.append(rng.randrange(len(stub.records)))
            stub.records[moved[-1]]["changed"] = record(0, next(clock))["changed"]

    moved: list[int] = []
    stub.between = move
    assert set(read(stub, SEEK)) == {one["id"] for one in stub.records} and len(moved) == 12


def test_a_list_that_never_holds_still_is_given_up(stub: Dated) -> None:
    stub.records = [record(number, 0) for number in range(60)]

    def shift() -> None:
        del stub.records[0]

    stub.between = shift
    with pytest.raises(SourceError, match="changes faster than it can be read"):
        read(stub, SEEK)


def test_a_window_with_too_much_is_halved_until_it_is_little_enough(stub: Dated) -> None:
    stub.records = [record(number, 86_400 * 40 + number * 30) for number in range(200)]
    stub.most = 30
    assert set(read(stub, WINDOWED)) == {one["id"] for one in stub.records}
    stub.records = [record(number, 86_400 * 40) for number in range(31)]
    with pytest.raises(SourceError, match="more in one moment than the system gives"):
        read(stub, WINDOWED)


def test_a_window_that_changed_while_its_pages_were_read_is_read_anew(stub: Dated) -> None:
    stub.records = [record(number, number) for number in range(50)]

    def vanish_once() -> None:
        if len(stub.records) == 50:
            del stub.records[0]

    stub.between = vanish_once
    assert {one["id"] for one in stub.records} <= set(read(stub, WINDOWED))
    stub.between = lambda: stub.records.append(record(len(stub.records), 3))
    with pytest.raises(SourceError, match="changes faster than it can be read"):
        read(stub, WINDOWED)


def test_a_refusal_of_another_kind_and_a_bad_first_day_are_told(stub: Dated) -> None:
    from dataclasses import replace

    with pytest.raises(SourceError, match="INVALID_REQUEST"):
        read(stub, resource("windows", replace(WINDOWS, span=dt.timedelta(days=40))))
    with Http(stub.url, Access("src", {"start_date": "soon"})) as http, pytest.raises(SourceError, match="is no day"):
        list(rest_pages(http, SEEK, None))
