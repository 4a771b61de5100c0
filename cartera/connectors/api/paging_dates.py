"""Paging by dates, for systems that give no key to go on from, or only so many days or records at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cartera.connectors.api.http import Http
from cartera.connectors.api.paging import MOST_RESTARTS, records_in
from cartera.connectors.api.system import Record, Resource
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
                    raise SourceError(
                        f"{http.access.source}, {resource.name}: the list changes faster than it can be read",
                        "run at a quieter hour, or with a larger page_size in the source",
                    )
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
