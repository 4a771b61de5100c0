"""How a list is read page by page. Each way gives the answers one after the other; the records are in them.

Where the system allows it, `Seek` is the right one: it asks for what comes after the last record it has seen, so
nothing that changes meanwhile moves a record out of sight. The others are for systems that only count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from cartera.connectors.api.http import Answer, Http
from cartera.connectors.api.system import Record, Resource, dig
from cartera.connectors.api.values import moment_of
from cartera.errors import SourceError

MOST_PAGES = 1_000_000
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
    return f"an object with {', '.join(list(value)[:8]) or 'nothing'}" if isinstance(value, dict) else repr(value)[:80]


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
        last: list[Record] = []
        for number in range(self.first, self.first + MOST_PAGES):
            asked = {**params, self.page: str(number), self.size: str(http.access.page_size)}
            records = records_in(http.get(resource.path, asked), resource)
            if not records:
                return
            if records == last:
                raise circle(http, resource.name)
            yield records
            last = records


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
        place, tail, last = 0, set[str | None](), list[Record]()
        while True:
            asked = {**params, self.offset: str(place), self.limit: str(http.access.page_size)}
            records = records_in(http.get(resource.path, asked), resource)
            if len(records) > self.overlap and records == last:
                raise circle(http, resource.name)
            last = records
            keys = [resource.key_of(record) for record in records]
            if tail and not tail & set(keys):
                return False
            if not set(keys) - tail:
                return True
            yield records
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
        seen = set[str]()
        while True:
            answer = http.get(resource.path, asked)
            yield records_in(answer, resource)
            token = dig(answer.json, self.token)
            if not token:
                return
            refuse_circle(http, resource, seen, str(token))
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
        asked: Mapping[str, str] | None = {**params, **({self.size: str(http.access.page_size)} if self.size else {})}
        url, seen = resource.path, set[str]()
        while True:
            answer = http.get(url, asked)
            yield records_in(answer, resource)
            document = answer.json if isinstance(answer.json, dict) else {}
            link = dig(document, self.link) if self.is_dotted else document.get(self.link)
            if not link:
                return
            refuse_circle(http, resource, seen, str(link))
            # the link carries all parameters already
            url, asked = str(link), None


@dataclass(frozen=True)
class LinkHeader:
    """The next page is in the header `Link: <...>; rel="next"`."""

    size: str = ""

    def lists(
        self, http: Http, resource: Resource, params: Mapping[str, str], since: dt.datetime | None
    ) -> Iterator[list[Record]]:
        asked: Mapping[str, str] | None = {**params, **({self.size: str(http.access.page_size)} if self.size else {})}
        url, seen = resource.path, set[str]()
        while True:
            answer = http.get(url, asked)
            yield records_in(answer, resource)
            link = (
                httpx.Response(200, headers={"link": answer.headers.get("link", "")}).links.get("next", {}).get("url")
            )
            if not link:
                return
            refuse_circle(http, resource, seen, link)
            url, asked = link, None


@dataclass(frozen=True)
class Range:
    """`Range: records=0-99`; past the end is 416."""

    unit: str = "records"

    def lists(
        self, http: Http, resource: Resource, params: Mapping[str, str], since: dt.datetime | None
    ) -> Iterator[list[Record]]:
        place, last = 0, list[Record]()
        while True:
            header = {"Range": f"{self.unit}={place}-{place + http.access.page_size - 1}"}
            answer = http.get(resource.path, params, headers=header, accept=(416,))
            records = [] if answer.status == 416 else records_in(answer, resource)
            if not records:
                return
            if records == last:
                raise circle(http, resource.name)
            yield records
            place, last = place + len(records), records


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

        page = ask({})
        fresh = page
        while fresh:
            yield fresh
            first, moment, key = self._places(http, resource, page)
            fresh = []
            if first != moment and resource.since:
                seen = {resource.key_of(record) for record in page}
                page = ask(resource.since(moment))
                fresh = [record for record in page if resource.key_of(record) not in seen]
            if not fresh:
                # as many records as a page holds share one moment, or this is the end
                last, page = page, ask(self.after(moment, key)) or ask(self.later(moment))
                if page and page == last:
                    raise circle(http, resource.name)
                fresh = page

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


def refuse_circle(http: Http, resource: Resource, seen: set[str], mark: str) -> None:
    """`seen` grows by `mark`, which says where the next page is. Raises SourceError when it was there before."""
    if mark in seen:
        raise circle(http, resource.name)
    seen.add(mark)


def circle(http: Http, table: str) -> SourceError:
    """For what gives the same page again: it does not heed what was asked for, and would go on for ever."""
    return SourceError(
        f"{http.access.source}, {table}: the system leads from page to page in a circle",
        "run again; if it stays, ask who runs the system",
    )
