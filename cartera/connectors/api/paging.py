"""How a list is read page by page. Each way gives the answers one after the other; the records are in them.

Where the system allows it, `Seek` is the right one: it asks for what comes after the last record it has seen, so
nothing that changes meanwhile moves a record out of sight. The others are for systems that only count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

import httpx

from cartera.connectors.api.http import Answer, Http
from cartera.connectors.api.system import Record, Resource, dig
from cartera.connectors.api.values import moment_of
from cartera.errors import SourceError

MOST_PAGES = 100_000
MOST_RESTARTS = 3


class Paging(Protocol):
    """A way to page. `params` are the resource's own and those that ask for what changed."""

    def lists(
        self, http: Http, resource: Resource, params: Mapping[str, str], since: dt.datetime | None
    ) -> Iterator[list[Record]]: ...


def records_in(answer: Answer, resource: Resource) -> list[Record]:
    """The list of records in an answer. Raises SourceError when there is none: an error in another dress."""
    found = dig(answer.json, resource.records)
    if not isinstance(found, list):
        where = f"a list at {resource.records!r}" if resource.records else "a list"
        raise SourceError(
            f"{answer.where}: has not {where} but {_shape(answer.json)}",
            "see whether the address and the version of the system are right",
        )
    return found


def _shape(value: Any) -> str:
    """Its values may be what we sent."""
    if isinstance(value, dict):
        return f"an object with {', '.join(list(value)[:8]) or 'nothing'}"
    return "a text" if isinstance(value, str) else repr(value)[:80]


@dataclass(frozen=True)
class Whole:
    """Everything comes in one answer."""

    def lists(
        self, http: Http, resource: Resource, params: Mapping[str, str], since: dt.datetime | None
    ) -> Iterator[list[Record]]:
        yield records_in(http.get(resource.path, params), resource)


@dataclass(frozen=True)
class PageNumber:
    """`?page=1&per_page=100`, to the first empty page: a short one may only mean that the system gives less."""

    page: str = "page"
    size: str = "per_page"
    first: int = 1

    def lists(
        self, http: Http, resource: Resource, params: Mapping[str, str], since: dt.datetime | None
    ) -> Iterator[list[Record]]:
        turns = Turns(where_of(http, resource))
        for number in count(self.first):
            asked = {**params, self.page: str(number), self.size: str(http.access.page_size)}
            records = turns.checked(records_in(http.get(resource.path, asked), resource))
            if not records:
                return
            yield records


@dataclass(frozen=True)
class Offset:
    """`?offset=200&limit=100`, each page beginning some records before the end of the last one.

    When records before that place vanish or move while we read, the pages shift; then the page does not meet the
    last one any more, and everything is read again from the start.
    """

    offset: str = "offset"
    limit: str = "limit"
    overlap: int = 5

    def lists(
        self, http: Http, resource: Resource, params: Mapping[str, str], since: dt.datetime | None
    ) -> Iterator[list[Record]]:
        for _attempt in range(MOST_RESTARTS):
            if (yield from self._pass(http, resource, params)):
                return
        raise SourceError(
            f"{http.access.source}, {resource.name}: the list changes faster than it can be read",
            "run at a quieter hour, or with a larger page_size in the source",
        )

    def _pass(self, http: Http, resource: Resource, params: Mapping[str, str]) -> Generator[list[Record], None, bool]:
        """One reading from the start; whether it came to the end without a shift."""
        place, tail, turns = 0, set[str | None](), Turns(where_of(http, resource))
        while True:
            asked = {**params, self.offset: str(place), self.limit: str(http.access.page_size)}
            records = records_in(http.get(resource.path, asked), resource)
            keys = [resource.key_of(record) for record in records]
            if tail and not tail & set(keys):
                return False
            if not set(keys) - tail:
                return True
            yield turns.checked(records)
            back = min(self.overlap, len(records) - 1)
            place, tail = place + len(records) - back, set(keys[len(keys) - back :])


@dataclass(frozen=True)
class Token:
    """The answer holds a token (at `token`, dotted) that asks for the next page as parameter `param`."""

    token: str
    param: str
    size: str = ""

    def lists(
        self, http: Http, resource: Resource, params: Mapping[str, str], since: dt.datetime | None
    ) -> Iterator[list[Record]]:
        asked = {**params, **({self.size: str(http.access.page_size)} if self.size else {})}
        turns = Turns(where_of(http, resource))
        while True:
            answer = http.get(resource.path, asked)
            yield turns.checked(records_in(answer, resource))
            token = dig(answer.json, self.token)
            if not token:
                return
            turns.check_mark(str(token))
            asked = {**asked, self.param: str(token)}


@dataclass(frozen=True)
class NextLink:
    """The answer holds the address of the next page (at `link`, dotted; OData: `@odata.nextLink`)."""

    link: str = "@odata.nextLink"
    is_dotted: bool = False
    size: str = ""

    def lists(
        self, http: Http, resource: Resource, params: Mapping[str, str], since: dt.datetime | None
    ) -> Iterator[list[Record]]:
        def following(answer: Answer) -> str | None:
            document = answer.json if isinstance(answer.json, dict) else {}
            return dig(document, self.link) if self.is_dotted else document.get(self.link)

        return _follow(http, resource, params, self.size, following)


@dataclass(frozen=True)
class LinkHeader:
    """The next page is in the header `Link: <...>; rel="next"`."""

    size: str = ""

    def lists(
        self, http: Http, resource: Resource, params: Mapping[str, str], since: dt.datetime | None
    ) -> Iterator[list[Record]]:
        def following(answer: Answer) -> str | None:
            header = {"link": answer.headers.get("link", "")}
            return httpx.Response(200, headers=header).links.get("next", {}).get("url")

        return _follow(http, resource, params, self.size, following)


def _follow(
    http: Http,
    resource: Resource,
    params: Mapping[str, str],
    size: str,
    following: Callable[[Answer], str | None],
) -> Iterator[list[Record]]:
    """From link to link; a link carries all parameters already."""
    asked: Mapping[str, str] | None = {**params, **({size: str(http.access.page_size)} if size else {})}
    url, turns = resource.path, Turns(where_of(http, resource))
    while True:
        answer = http.get(url, asked)
        yield turns.checked(records_in(answer, resource))
        link = following(answer)
        if not link:
            return
        turns.check_mark(str(link))
        url, asked = str(link), None


@dataclass(frozen=True)
class Range:
    """`Range: records=0-99`; past the end is 416."""

    unit: str = "records"

    def lists(
        self, http: Http, resource: Resource, params: Mapping[str, str], since: dt.datetime | None
    ) -> Iterator[list[Record]]:
        place, turns = 0, Turns(where_of(http, resource))
        while True:
            header = {"Range": f"{self.unit}={place}-{place + http.access.page_size - 1}"}
            answer = http.get(resource.path, params, headers=header, accept=(416,))
            records = [] if answer.status == 416 else records_in(answer, resource)
            if not records:
                return
            yield turns.checked(records)
            place += len(records)


@dataclass(frozen=True)
class Seek:
    """In the order of (date of change, key), each page asking for what comes after the last record of the one before.

    The resource's `since(moment)` asks for changes at or after a moment, `after(moment, key)` for those at exactly
    that moment with a greater key, `later(moment)` for those after it; all ordered by (date of change, key).
    """

    after: Callable[[dt.datetime, str], Mapping[str, str]]
    later: Callable[[dt.datetime], Mapping[str, str]]
    size: str = "limit"

    def lists(
        self, http: Http, resource: Resource, params: Mapping[str, str], since: dt.datetime | None
    ) -> Iterator[list[Record]]:
        fixed = {**params, self.size: str(http.access.page_size)}

        def ask(more: Mapping[str, str]) -> list[Record]:
            return records_in(http.get(resource.path, {**fixed, **more}), resource)

        turns = Turns(where_of(http, resource))
        page = ask({})
        fresh = page
        while fresh:
            yield turns.checked(fresh)
            first, moment, key = self._places(http, resource, page)
            fresh = []
            if first != moment and resource.since:
                seen = {resource.key_of(record) for record in page}
                page = ask(resource.since(moment))
                fresh = [record for record in page if resource.key_of(record) not in seen]
            if not fresh:
                # as many records as a page holds share one moment, or this is the end
                page = fresh = ask(self.after(moment, key)) or ask(self.later(moment))

    def _places(self, http: Http, resource: Resource, page: list[Record]) -> tuple[dt.datetime, dt.datetime, str]:
        """The moments of the first and the last record, and the key of the last."""
        first, last = (moment_of(page[place].get(resource.entity.changed_at or "")) for place in (0, -1))
        key = resource.key_of(page[-1])
        if first is None or last is None or key is None:
            raise SourceError(
                f"{http.access.source}, {resource.name}: a record without {resource.entity.changed_at} or key",
                "this table can't be read in the order of changes",
            )
        return first, last, key


def where_of(http: Http, resource: Resource) -> str:
    return f"{http.access.source}, {resource.name}"


class Turns:
    """The pages of one list as they are turned, for systems that ignore what they are asked for: a page that comes
    twice, a place that was there before, or pages without end. Raises SourceError."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._last: list[Record] = []
        self._pages, self._marks = 0, set[str]()

    def checked(self, records: list[Record]) -> list[Record]:
        self._pages += 1
        if records and records == self._last:
            raise self._circle("gives the same page again and again")
        if self._pages > MOST_PAGES:
            raise self._circle(f"gives more than {MOST_PAGES:,} pages")
        self._last = records
        return records

    def check_mark(self, mark: str) -> None:
        """`mark` says where the next page is."""
        if mark in self._marks:
            raise self._circle("leads from page to page in a circle")
        self._marks.add(mark)

    def _circle(self, problem: str) -> SourceError:
        return refused(self._where, problem)


def circle(http: Http, table: str) -> SourceError:
    """For what pages by itself and is given the same page again: the system does not heed what it was asked for."""
    return refused(f"{http.access.source}, {table}", "gives the same page again and again")


def refused(where: str, problem: str) -> SourceError:
    return SourceError(
        f"{where}: the system {problem}",
        "run again, with a larger page_size in the source; if it stays, ask who runs the system",
    )
