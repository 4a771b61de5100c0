"""Paging by dates, for systems that give no key to go on from, or only so many days or records at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cartera.connectors.api.http import Answer, Http
from cartera.connectors.api.paging import MOST_RESTARTS, records_in
from cartera.connectors.api.system import Record, Resource, dig
from cartera.connectors.api.values import moment_of
from cartera.errors import SourceError

START = "start_date"
"""The setting that says from which day on a source is read."""


def started(http: Http, since: dt.datetime | None) -> dt.datetime:
    """From when on to read: what changed, or everything since the first day that the source names."""
    if since is not None:
        return since
    try:
        return dt.datetime.fromisoformat(http.access[START]).replace(tzinfo=dt.UTC)
    except ValueError:
        raise SourceError(
            f"{http.access.source}: {START} {http.access[START]!r} is no day", "write it as 2025-01-31"
        ) from None


@dataclass(frozen=True)
class SeekDate:
    """In the order of the date of change, each page beginning at the date of the last record of the one before.

    The resource's `since(moment)` asks for changes at or after a moment. `offset` only passes over records that share
    one moment, so a list that may be paged no further than some thousand records is read to its end. A page that
    goes on at one moment begins with the last record of the one before: when it does not, that moment is read anew.
    """

    offset: str = "offset"
    limit: str = "limit"
    most: int = 1_000
    """The largest page that the system gives."""

    def lists(
        self, http: Http, resource: Resource, params: Mapping[str, str], since: dt.datetime | None
    ) -> Iterator[list[Record]]:
        if resource.since is None:
            raise TypeError(f"{resource.name} can't be asked for what changed since a moment")
        fixed = {**params, self.limit: str(max(2, min(self.most, http.access.page_size)))}
        moment, place, tail, restarts = started(http, since), 0, "", 0
        while True:
            asked = {**fixed, **resource.since(moment), self.offset: str(place)}
            records = records_in(http.get(resource.path, asked), resource)
            if place and (not records or resource.key_of(records[0]) != tail):
                restarts += 1
                if restarts > MOST_RESTARTS:
                    raise _restless(http, resource)
                place = 0
                continue
            if place == 0 or len(records) > 1:
                yield records
            if len(records) <= 1:
                return
            last = moment_of(records[-1].get(resource.entity.changed_at or ""))
            tail = resource.key_of(records[-1]) or ""
            if last is None or not tail:
                raise SourceError(
                    f"{http.access.source}, {resource.name}: a record without {resource.entity.changed_at} or key",
                    "this table can't be read in the order of changes",
                )
            moment, place = (moment, place + len(records) - 1) if last <= moment else (last, 0)


@dataclass(frozen=True)
class Windows:
    """One span of time after the other, up to `until`, and by page number inside each.

    `asked(first, last)`: the parameters for a span, both ends included. `until`: up to when the system has records: by
    its own word, not by a clock. `total`, `pages`: where the answer says how many records and pages the span has; when
    the first of them changes while pages are read, the span is read anew. `is_too_much`: whether a 400 says that the
    span holds more than the system gives; then it is halved.
    """

    asked: Callable[[dt.datetime, dt.datetime], Mapping[str, str]]
    until: Callable[[Http], dt.datetime]
    span: dt.timedelta
    total: str
    pages: str
    is_too_much: Callable[[Answer], bool]
    page: str = "page"
    size: str = "page_size"
    most: int = 500
    """The largest page that the system gives."""
    least: dt.timedelta = dt.timedelta(seconds=1)

    def lists(
        self, http: Http, resource: Resource, params: Mapping[str, str], since: dt.datetime | None
    ) -> Iterator[list[Record]]:
        first, end = started(http, since), self.until(http)
        while first < end:
            last = min(first + self.span, end)
            yield from self._span(http, resource, params, first, last)
            first = last

    def _span(
        self, http: Http, resource: Resource, params: Mapping[str, str], first: dt.datetime, last: dt.datetime
    ) -> Iterator[list[Record]]:
        fixed = {**params, **self.asked(first, last), self.size: str(min(self.most, http.access.page_size))}
        number, total, restarts = 1, None, 0
        while True:
            answer = http.get(resource.path, {**fixed, self.page: str(number)}, accept=(400,))
            if answer.status == 400:
                yield from self._halves(http, resource, params, first, last, answer)
                return
            if total is not None and dig(answer.json, self.total) != total:
                restarts += 1
                if restarts > MOST_RESTARTS:
                    raise _restless(http, resource)
                number, total = 1, None
                continue
            total = dig(answer.json, self.total)
            yield records_in(answer, resource)
            if number >= int(dig(answer.json, self.pages) or 0):
                return
            number += 1

    def _halves(
        self,
        http: Http,
        resource: Resource,
        params: Mapping[str, str],
        first: dt.datetime,
        last: dt.datetime,
        answer: Answer,
    ) -> Iterator[list[Record]]:
        if not self.is_too_much(answer):
            raise SourceError(
                f"{answer.where}: answered 400{http.said(answer)}",
                f"see whether {START} in the source is a day that it still has",
            )
        middle = max((first + (last - first) / 2).replace(microsecond=0), first + self.least)
        if last - first <= self.least:
            raise SourceError(
                f"{answer.where}: has more in one moment than the system gives", "read this table from its reports"
            )
        yield from self._span(http, resource, params, first, middle)
        yield from self._span(http, resource, params, middle, last)


def _restless(http: Http, resource: Resource) -> SourceError:
    return SourceError(
        f"{http.access.source}, {resource.name}: the list changes faster than it can be read",
        "run at a quieter hour, or with a larger page_size in the source",
    )
