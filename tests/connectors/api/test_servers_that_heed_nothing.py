"""A server that gives the same records whatever it is asked for: one clear error instead of a reading without end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.stub_server import Reply, Request, Stub, json_reply

from cartera.connectors.api import Access
from cartera.connectors.api.http import Http
from cartera.connectors.businesscentral import SYSTEM as CENTRAL
from cartera.connectors.businesscentral.client import BusinessCentral
from cartera.connectors.businesscentral.client import keys as numbers
from cartera.connectors.erpnext import SYSTEM as ERPNEXT
from cartera.connectors.erpnext.client import keys as names
from cartera.connectors.netsuite import SYSTEM as NETSUITE
from cartera.connectors.netsuite.client import SuiteTalk
from cartera.connectors.netsuite.entities import pages
from cartera.connectors.quickbooks.client import QuickBooks, still_open
from cartera.connectors.sapb1.client import ServiceLayer
from cartera.errors import SourceError


class Deaf(Stub):
    says: Any = None

    def answer(self, _request: Request) -> Reply:
        return json_reply(self.says)


@pytest.fixture
def server() -> Iterator[Deaf]:
    with Deaf() as made:
        yield made


def of_central(http: Http) -> object:
    return list(numbers(BusinessCentral(str(http._base), http.access), CENTRAL.resource("customers")))


def of_netsuite(http: Http) -> object:
    return list(pages(SuiteTalk(str(http._base), http.access), NETSUITE.resource("customer"), None))


def of_one_question(http: Http) -> object:
    return SuiteTalk(str(http._base), http.access).ask("SELECT 1", "anything")


def of_erpnext(http: Http) -> object:
    return list(names(http, ERPNEXT.resource("customer")))


def of_quickbooks(http: Http) -> object:
    return list(still_open(QuickBooks(http, "9130")))


def of_service_layer(http: Http) -> object:
    return ServiceLayer(str(http._base), http.access).currencies


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (of_central, {"value": [{"id": "1", "number": "A"}]}),
        (of_netsuite, {"items": [{"id": "5"}], "hasMore": False}),
        (of_one_question, {"items": [{"id": "5"}], "hasMore": True}),
        (of_erpnext, {"data": [{"name": "A"}]}),
        (of_quickbooks, {"QueryResponse": {"Invoice": [{"Id": "1", "Balance": 1}]}}),
        (of_service_layer, {"value": [{"Code": "S/"}]}),
    ],
)
def test_it_is_left_after_the_first_repeat(server: Deaf, read: Callable[[Http], object], says: Any) -> None:
    server.says = says
    access = Access("erp", {"company": "Acme S.A.", "environment": "Production"})
    with Http(server.url, access) as http, pytest.raises(SourceError, match="again and again|in a circle"):
        read(http)
    assert len(server.requests) <= 4
