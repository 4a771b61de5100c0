"""Reads what a system has: everything the first time, then what changed; nothing is landed here.

The next reading of a table begins where the last one ended, at (date of change, key), less an overlap. That place
only ever moves to what was really read. Whatever makes it doubtful - the declaration changed, the record at that place
is not there any more - makes the table be read whole.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cartera.connectors.api.jsons import BadJson
from cartera.connectors.api.spec import ApiSource
from cartera.connectors.api.spool import Spool
from cartera.connectors.api.system import Page, Resource
from cartera.connectors.api.values import BadValue, moment_of
from cartera.errors import SourceError
from cartera.landing.delivery import DeliveryKind

FURTHEST_AHEAD = dt.timedelta(days=1)
"""A date of change later than this is a mistake, or a clock far off: reading goes on before it, not after."""


@dataclass(frozen=True)
class Place:
    """Where the last reading of a table ended; `known`: what else must be remembered of it."""

    changed_at: dt.datetime | None = None
    key: str | None = None
    declared: str = ""
    swept_at: dt.datetime | None = None
    reads_whole: bool = False
    """Records without a date of change were seen: what changed can't be asked for."""
    present: Mapping[str, float] = field(default_factory=dict)
    """In which part of all records each declared field was there."""
    forms: Mapping[str, str] = field(default_factory=dict)
    """How the values of each declared field came: text, number..."""

    def as_json(self) -> dict[str, Any]:
        return {
            "changed_at": self.changed_at.isoformat() if self.changed_at else None,
            "key": self.key,
            "declared": self.declared,
            "swept_at": self.swept_at.isoformat() if self.swept_at else None,
            "reads_whole": self.reads_whole,
            "present": dict(self.present),
            "forms": dict(self.forms),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> Place:
        if value is None:
            return cls()
        moments = {
            name: dt.datetime.fromisoformat(value[name]) if value.get(name) else None
            for name in ("changed_at", "swept_at")
        }
        return cls(**{**value, **moments})


@dataclass
class Extracted:
    """What was read of one table, and where the next reading begins."""

    resource: Resource
    kind: DeliveryKind
    spool: Spool
    before: Place
    place: Place


Watch = Callable[[str, int], None]
"""(table, records so far)"""


def extract(
    source: ApiSource, session: Any, places: Mapping[str, Place], now: dt.datetime, folder: Path, watch: Watch
) -> list[Extracted]:
    """Every table of the source, spooled in `folder`. Raises SourceError."""

    def one(resource: Resource) -> Extracted:
        reading = _Reading(source, session, resource, places.get(resource.name, Place()), now, watch)
        return reading.read(folder)

    if source.concurrency == 1:
        return [one(resource) for resource in source.resources]
    with ThreadPoolExecutor(source.concurrency, thread_name_prefix="cartera-extract") as executor:
        return list(executor.map(one, source.resources))


class _Reading:
    def __init__(
        self, source: ApiSource, session: Any, resource: Resource, before: Place, now: dt.datetime, watch: Watch
    ) -> None:
        self._source, self._session, self._resource = source, session, resource
        self._before, self._now, self._watch = before, now, watch
        self._system = source.declared
        self._declared = source.fingerprint(resource)
        self._changed_at = resource.entity.changed_at
        self._newest: tuple[dt.datetime, str] | None = None
        self._met, self._undated = False, 0

    def read(self, folder: Path) -> Extracted:
        with Spool(folder, self._resource.name) as spool:
            try:
                since = self._since()
                self._read(spool, since)
                if since is not None and not self._resource.stays and self._lost_its_place():
                    spool.restart()
                    since = None
                    self._read(spool, None)
                swept_at = self._sweep(spool) if since is not None else self._now
            except BadJson as error:
                raise SourceError(
                    f"{self._source.name}, {self._resource.name}: a record holds broken text: {error}",
                    "correct it in the system",
                ) from None
            except OSError as error:
                raise SourceError(f"{folder}: {error.strerror}", "make room on the disk") from None
        place = Place(
            *self._end(is_whole=since is None),
            declared=self._declared,
            swept_at=swept_at,
            reads_whole=self._undated > 0 if since is None else self._before.reads_whole,
            present=self._before.present,
            forms=self._before.forms,
        )
        is_full = since is None and not (self._resource.only_grows or self._resource.stays)
        return Extracted(self._resource, "full" if is_full else "incremental", spool, self._before, place)

    def _since(self) -> dt.datetime | None:
        """From when on what changed is asked for; None: everything is."""
        before = self._before
        if self._resource.stays:
            return before.swept_at if before.declared == self._declared else None
        if not (self._changed_at and before.changed_at) or before.declared != self._declared or before.reads_whole:
            return None
        if not self._asks_for_changes:
            return None
        return before.changed_at - self._source.overlap

    @property
    def _asks_for_changes(self) -> bool:
        """A system with pages of its own asks for changes as it can, where the table has a date of change."""
        from cartera.connectors.api.system import _declared_pages

        return self._resource.since is not None or self._system.pages is not _declared_pages

    def _read(self, spool: Spool, since: dt.datetime | None) -> None:
        self._newest, self._met, self._undated = None, False, 0
        for page in self._system.pages(self._session, self._resource, since):
            self._note(page)
            spool.add(page.records)
            spool.add_gone(page.gone)
            self._watch(self._resource.name, spool.records)

    def _note(self, page: Page) -> None:
        """Where this page brings us."""
        if not self._changed_at:
            return
        limit = self._now + FURTHEST_AHEAD
        for record in page.records:
            key, moment = self._resource.key_of(record), self._moment(record)
            if moment is None or key is None:
                self._undated += 1
                continue
            self._met = self._met or key == self._before.key
            if moment <= limit and (self._newest is None or (moment, key) > self._newest):
                self._newest = moment, key

    def _moment(self, record: Any) -> dt.datetime | None:
        if not isinstance(record, dict):
            return None  # typing sends it to quarantine
        try:
            return moment_of(record.get(self._changed_at or ""))
        except BadValue:
            return None

    def _lost_its_place(self) -> bool:
        """Nothing newer came, and the record at our place is not there any more: deleted, or the system went back."""
        before = self._before.changed_at
        return not self._met and before is not None and (self._newest is None or self._newest[0] < before)

    def _sweep(self, spool: Spool) -> dt.datetime | None:
        """Compare all keys, when the system can list them and it is time; when that was last done."""
        last, every = self._before.swept_at, dt.timedelta(hours=self._source.sweep_hours)
        if not self._resource.swept or self._system.keys is None or (last is not None and self._now - last < every):
            return last
        spool.add_keys(self._system.keys(self._session, self._resource))
        return self._now

    def _end(self, *, is_whole: bool) -> tuple[dt.datetime | None, str | None]:
        if is_whole:
            return self._newest or (None, None)
        before = (self._before.changed_at, self._before.key)
        if self._newest is None or (self._before.changed_at is not None and self._newest[0] < self._before.changed_at):
            return before
        return self._newest
