"""The pages of a resource that is declared and nothing more: path, parameters, paging, where the records are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from cartera.connectors.api.http import Http
from cartera.connectors.api.paging import Whole
from cartera.connectors.api.system import Page, Resource


def pages(http: Http, resource: Resource, since: dt.datetime | None) -> Iterator[Page]:
    """All records, or those that changed at or after `since`. Raises SourceError."""
    params = dict(resource.params)
    if since is not None and resource.since is not None:
        params.update(resource.since(since))
    for records in (resource.paging or Whole()).lists(http, resource, params, since):
        yield Page(resource.enrich(http, records) if resource.enrich else records)
