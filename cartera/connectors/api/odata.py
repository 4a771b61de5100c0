"""OData as far as we ask it: SAP's Service Layer, Microsoft Dynamics."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cartera.connectors.api.http import Http
from cartera.connectors.api.paging import Turns, records_in, where_of
from cartera.connectors.api.system import Record, Resource
from cartera.errors import SourceError


def quoted(value: str) -> str:
    """A text as it stands in a filter."""
    return "'" + value.replace("'", "''") + "'"


def where(*conditions: str) -> dict[str, str]:
    """All of them must hold; empty ones say nothing."""
    said = [condition for condition in conditions if condition]
    return {"$filter": " and ".join(said)} if said else {}


@dataclass(frozen=True)
class KeyOrder:
    """In the order of keys, beside the filter of the resource: each page asks for keys after the last one.

    It needs no equality of moments, which servers round, and no `or`, which some don't know. A record that changes
    while we read, behind the place where we are, is found by the next reading if the system's `overlap` is longer than
    a reading takes; keys themselves don't move.
    """

    is_text: bool = False

    def lists(
        self, http: Http, resource: Resource, params: Mapping[str, str], since: dt.datetime | None
    ) -> Iterator[list[Record]]:
        name = (resource.key or (resource.entity.key,))[-1]
        fixed = {"$orderby": f"{name} asc", "$top": str(http.access.page_size), **params}
        page, turns = records_in(http.get(resource.path, fixed), resource), Turns(where_of(http, resource))
        while page:
            yield turns.checked(page)
            key = page[-1].get(name)
            if key is None:
                raise SourceError(
                    f"{http.access.source}, {resource.name}: a record without {name}",
                    "this table can't be read in the order of keys",
                )
            turns.check_mark(str(key))
            after = f"{name} gt {quoted(key) if self.is_text else key}"
            page = records_in(http.get(resource.path, {**fixed, **where(params.get("$filter", ""), after)}), resource)
