"""Lists of systems that can say what changed since a moment, in the order of change, and number its pages.

Numbers of pages alone would lose records: one that is changed while we read moves to the end, and all behind it move
up by one place. So each page is asked for from the moment of the last record on. Numbers only count within one second,
where more records changed than a page holds; such pages are read again until they are the same twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

from cartera.connectors.api.http import Http
from cartera.connectors.api.system import Record, Resource
from cartera.connectors.api.values import BadValue, moment_of
from cartera.errors import SourceError

SECOND = dt.timedelta(seconds=1)
SLACK = dt.timedelta(minutes=1)

Ask = Callable[[dt.datetime | None, int], tuple[list[Record], bool]]
"""(moment to the second, or None for the beginning; number of the page from 0) -> what changed at or after it, and
whether there may be more."""

Place = tuple[dt.datetime, str | None]
"""To the second, and the key."""


def by_change(
    http: Http, resource: Resource, since: dt.datetime | None, ask: Ask, changed_at: Callable[[Record], object]
) -> Iterator[list[Record]]:
    """All records that changed at or after `since`, some of them twice. Raises SourceError."""
    moment = since.replace(microsecond=0) if since else None
    number, last_page = 0, list[Record]()
    seen, last_pass, this_pass = set[Place](), list[Place](), list[Place]()
    while True:
        page, more = ask(moment, number)
        places = [_place(http, resource, record, changed_at) for record in page]
        if fresh := [record for record, place in zip(page, places, strict=True) if place not in seen]:
            yield fresh
        if (number and page and page == last_page) or (moment and places and min(places)[0] < moment - SLACK):
            raise SourceError(
                f"{http.access.source}, {resource.name}: the system gives the same records again and again",
                "run again; if it stays, ask who runs the system",
            )
        newest = max((at for at, _key in places), default=None)
        this_pass += [place for place in places if place[0] == moment]
        goes_on = newest is not None and (moment is None or newest > moment)
        if number == 0 and not more:
            return
        if number == 0 and goes_on:
            moment, seen, this_pass = newest, set(places), []
        elif page and more and not goes_on:
            seen.update(places)
            number += 1
        elif number and moment and this_pass == last_pass:
            moment, number, last_pass, this_pass = moment + SECOND, 0, [], []
        else:
            # something went or came while the pages of this second were read: others may have moved past us
            seen.update(places)
            number, last_pass, this_pass = 0, this_pass, []
        last_page = page


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
