"""Lists of systems that can say what changed since a moment, in the order of change, and number its pages.

Numbers of pages alone would lose records: one that is changed while we read moves to the end, and all behind it move
up by one place. So each page is asked for from the moment of the last record on. Numbers only count within one second,
where more records changed than a page holds; such pages are read again until they bring nothing new.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

from cartera.connectors.api.http import Http
from cartera.connectors.api.system import Record, Resource
from cartera.connectors.api.values import BadValue, moment_of
from cartera.errors import SourceError

Ask = Callable[[dt.datetime | None, int], list[Record]]
"""(moment to the second, or None for the beginning; number of the page from 0) -> what changed at or after it."""

Place = tuple[dt.datetime, str | None]
"""To the second, and the key."""


def by_change(
    http: Http, resource: Resource, since: dt.datetime | None, ask: Ask, changed_at: Callable[[Record], object]
) -> Iterator[list[Record]]:
    """All records that changed at or after `since`, some of them twice. Raises SourceError."""
    moment, number, last_page = since, 0, list[Record]()
    seen, is_fresh = set[Place](), False
    while True:
        page = ask(moment, number)
        places = [_place(http, resource, record, changed_at) for record in page]
        fresh = [record for record, place in zip(page, places, strict=True) if place not in seen]
        if fresh:
            yield fresh
        newest = max((at for at, _key in places), default=None)
        is_fresh = is_fresh or any(place not in seen and place[0] == moment for place in places)
        goes_on = newest is not None and (moment is None or newest > moment)
        if page and not goes_on:
            _refuse_circle(http, resource, number, page, last_page)
            seen.update(places)
            number += 1
        elif number and is_fresh:
            # the end of the second, or of all: what changed or went while its pages were read let others move up
            seen.update(places)
            number, is_fresh = 0, False
        elif goes_on:
            moment, number, is_fresh, seen = newest, 0, False, {place for place in places if place[0] == newest}
        else:
            return
        last_page = page


def _refuse_circle(http: Http, resource: Resource, number: int, page: list[Record], last: list[Record]) -> None:
    if number and page == last:
        raise SourceError(
            f"{http.access.source}, {resource.name}: the system gives the same page again and again",
            "run again; if it stays, ask who runs the system",
        )


def _place(http: Http, resource: Resource, record: Record, changed_at: Callable[[Record], object]) -> Place:
    try:
        moment = moment_of(changed_at(record))
    except BadValue:
        moment = None
    if moment is None:
        raise SourceError(
            f"{http.access.source}, {resource.name}: a record without a date of change",
            "this table can't be read in the order of changes",
        )
    return moment.replace(microsecond=0), resource.key_of(record)
