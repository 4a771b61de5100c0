"""What a system declares: what it needs to be connected, and how each of its raw tables is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from cartera.landing.entities import Entity

if TYPE_CHECKING:
    from cartera.connectors.api.paging import Paging

Record = dict[str, Any]
"""One record as the system gives it: numbers are int or Decimal, never float."""

Kind = Literal["erp", "gateway", "bank", "documents"]


@dataclass(frozen=True)
class Setting:
    """One thing that must be known to connect. A secret one never stands in sources/<name>.yaml.

    `decides_records`: what lands of a record depends on it; once it is changed all is read anew.
    """

    key: str
    prompt: str
    is_secret: bool = False
    default: str | None = None
    choices: tuple[str, ...] = ()
    decides_records: bool = False


@dataclass(frozen=True)
class Access:
    """What a system is opened with: the settings by key, secrets included, and the manners of the source."""

    source: str
    values: Mapping[str, str] = field(repr=False)
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    page_size: int = 100
    system: str = "SYSTEM"
    patience_seconds: float | None = None
    """So long one request may take, with no second try; None: as long as is decent for a reading."""

    def __getitem__(self, key: str) -> str:
        return self.values[key]

    @property
    def anew(self) -> str:
        """The command that asks for the secrets again."""
        return f"`cartera connect {self.system} --name {self.source}`"


@dataclass(frozen=True)
class Page:
    """Some records, and the keys of some that the system says are deleted (tombstones)."""

    records: Sequence[Record] = ()
    gone: Sequence[str] = ()


@dataclass(frozen=True)
class Control:
    """What the system's own books state as receivable now: the balance of its receivable accounts, in which credit
    notes and payments on account are negative. `company` is their name or id of it, as records name it."""

    company: str
    currency: str
    amount: Decimal


@dataclass(frozen=True)
class Resource:
    """One raw table and how it is read.

    `path`, `params`, `paging` and `records` (where the list is in the answer, e.g. "data.items") are all that a
    plain REST system needs; a system with its own `pages` may leave them out.
    `key`: the fields, dotted where nested, that together are the record's key; default: the entity's first column.
    `company`: the field that names the company. `since`: the parameters that ask for what changed since a moment;
    without it the table is read whole each time. `order`: parameters that order by the date of change.
    `prepare`: flattens a record before it is typed. `enrich`: completes the records of a page by further requests.
    `ignored`: fields that say nothing of the record (links, etags) and would make a new version of it.
    `swept`: the system's `keys` can list all keys of this table, so that what is deleted there is found.
    `only_grows`: records are never deleted there, only too old to be given; reading it whole deletes none.
    `stays`: a record that is not given again is not gone (a statement whose file was put away). After the first
    reading `since` is the moment of that; what it has given before the system knows itself.
    """

    entity: Entity
    path: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    paging: Paging | None = None
    records: str = ""
    key: tuple[str, ...] = ()
    company: str = ""
    since: Callable[[dt.datetime], Mapping[str, str]] | None = None
    prepare: Callable[[Record], Record] | None = None
    enrich: Callable[[Any, Sequence[Record]], Sequence[Record]] | None = None
    ignored: frozenset[str] = frozenset()
    swept: bool = False
    only_grows: bool = False
    stays: bool = False

    @property
    def name(self) -> str:
        return self.entity.name

    def key_of(self, record: Record) -> str | None:
        """The key as text, or None where a part of it is missing."""
        parts = [_text(dig(record, name)) for name in self.key or (self.entity.key,)]
        return None if any(part is None for part in parts) else ":".join(part or "" for part in parts)


def dig(value: Any, path: str) -> Any:
    """A nested value by dotted path; None where there is none."""
    for name in path.split(".") if path else ():
        value = value.get(name) if isinstance(value, dict) else None
    return value


def flat(record: Record, paths: Mapping[str, str]) -> Record:
    """The record with nested values beside its fields: name -> dotted path."""
    return {**record, **{name: dig(record, path) for name, path in paths.items()}}


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, (bool, dict, list)) or value == "":
        return None
    return str(value)


Pages = Callable[[Any, Resource, dt.datetime | None], Iterator[Page]]
"""(session, resource, since) -> pages; since is None for everything, else all that changed at or after it."""


@dataclass(frozen=True)
class Document:
    """What somebody wants to open. `id`: without the source. `record`: the record's key, of payments and credit notes
    the id. `number`: as it is shown. `is_test`: the source's secret is one for tests. All of the source: to encode."""

    entity: str
    id: str
    record: str
    number: str = ""
    is_test: bool = False


AddressOf = Callable[[Mapping[str, str], Document], str | None]
"""(settings that are no secret, document) -> where people open it."""


def _declared_pages(session: Any, resource: Resource, since: dt.datetime | None) -> Iterator[Page]:
    from cartera.connectors.api.rest import pages

    return pages(session, resource, since)


@dataclass(frozen=True)
class System:
    """One system. `open` gives a session, whatever that is: for plain REST systems an api.http.Http.

    `check`: what the account is and may, in a line; raises SourceError when it may not read.
    `pages`: for systems that are no plain REST. `keys`: all keys of a table now, for the swept ones.
    `count`: how many records a table has, where the system says so cheaply.
    `notes`: what the operator should know of what was just read.
    `controls`: the receivable of its own books now, one for each company and currency.
    `still_open`: what is left to pay at this moment of the invoice of that id, in its currency; None where the system
    does not know it; one request.
    `address_of`: the web address of a document for people, where the system's own documents promise one.
    `test_secrets`: how secrets begin that lead to made-up data, whose pages are elsewhere.
    `overlap`: how far behind the last date of change the next reading begins: skew of clocks, and an hour more
    where dates of change are in a local time that is set back in autumn.
    Resources that refer to others come before them: what they refer to is then read later, and is there.
    """

    name: str
    title: str
    kind: Kind
    settings: tuple[Setting, ...]
    resources: tuple[Resource, ...]
    open: Callable[[Access], AbstractContextManager[Any]]
    check: Callable[[Any], str]
    pages: Pages = _declared_pages
    keys: Callable[[Any, Resource], Iterator[Sequence[str]]] | None = None
    count: Callable[[Any, Resource], int | None] | None = None
    controls: Callable[[Any], Iterator[Control]] | None = None
    notes: Callable[[Any], Sequence[str]] | None = None
    still_open: Callable[[Any, str], Decimal | None] | None = None
    address_of: AddressOf | None = None
    test_secrets: tuple[str, ...] = ()
    overlap: dt.timedelta = dt.timedelta(minutes=5)

    @property
    def entities(self) -> tuple[Entity, ...]:
        return tuple(resource.entity for resource in self.resources)

    def resource(self, name: str) -> Resource:
        return next(resource for resource in self.resources if resource.name == name)
