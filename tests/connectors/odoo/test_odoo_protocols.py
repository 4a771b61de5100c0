"""Odoo's three protocols: the same rows from each, and one clear error where the login or a right is missing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.connected import Connected, connected
from support.odoo_stub import DATABASE, KEY, LOGIN, Odoo
from support.stub_server import Reply

from cartera.connectors.api.secrets import access
from cartera.errors import SourceError
from cartera.settings import get_settings

PROTOCOLS = ("jsonrpc", "xmlrpc", "json2")


@pytest.fixture(params=["16.0", "17.0", "18.0", "saas~18.2", "19.0"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stub() -> Iterator[Odoo]:
    with Odoo("19.0") as made:
        yield made


def source(stub: Odoo, tmp_path: Path, protocol: str, name: str = "erp", key: str = KEY) -> Any:
    connection = {"url": stub.url, "database": DATABASE, "user": LOGIN, "protocol": protocol}
    return connected(tmp_path, "odoo", connection, {"api_key": key}, name, company_id="acme", page_size="10")


def check(erp: Connected) -> str:
    system = erp.source.declared
    with system.open(access(erp.source, get_settings(), None)) as session:
        return system.check(session)


def fill(stub: Odoo) -> None:
    ana = stub.partner("Ana S.A.", active=False)
    for number in range(12):
        stub.invoice(ana, f"{number + 1}00.1", ref='<&"ñ')
    debt = stub.line(stub.invoice(ana, "1234567.89", [("2026-04-01", "1000000.01"), ("2026-05-01", "234567.88")]))
    stub.payment(ana, "0.07", debt, memo="transfer")
    stub.save("res.currency.rate", name="2026-03-01", currency_id=stub.USD, rate=Decimal("0.266667"),
              inverse_company_rate=Decimal("3.749995"), company_id=None)  # fmt: skip


def test_all_protocols_land_the_same_rows(stub: Odoo, database: str, tmp_path: Path) -> None:
    fill(stub)
    landed = []
    for protocol in PROTOCOLS:
        with source(stub, tmp_path, protocol, protocol) as erp:
            erp.sync()
            landed.append(
                {resource.name: erp.current(resource.name, *(column.name for column in resource.entity.columns))
                 for resource in erp.source.resources}
            )  # fmt: skip
    assert landed[0] == landed[1] == landed[2]
    assert len(landed[0]["account_move"]) == 13 and len(landed[0]["res_partner"]) == 1
    payment, *_others = landed[0]["account_payment"].values()
    assert {"transfer", Decimal("0.07")} <= {value for value in payment if isinstance(value, (str, Decimal))}


def test_auto_speaks_what_the_server_has(version: str, database: str, tmp_path: Path) -> None:
    with Odoo(version) as stub, source(stub, tmp_path, "auto") as erp:
        fill(stub)
        erp.sync()
        asked = {request.path.split("/")[1] for request in stub.requests[3:]}
        assert asked == ({"json"} if version == "19.0" else {"jsonrpc"})
        field, other = ("ref", "memo") if version < "18" else ("memo", "ref")
        ((value, none),) = erp.current("account_payment", field, other).values()
        assert (value, none) == ("transfer", None)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_expired_key_or_a_missing_right_is_one_clear_error(stub: Odoo, tmp_path: Path, protocol: str) -> None:
    with source(stub, tmp_path, protocol) as erp:
        assert check(erp) == f"logged in as {LOGIN}, who sees 2 companies"
        stub.hidden = {"account.move"}
        with pytest.raises(SourceError, match="may not read this.*account.move") as forbidden:
            check(erp)
        stub.hidden, stub.key = set(), "renewed-" + KEY
        with pytest.raises(SourceError, match="does not accept the login") as refused:
            check(erp)
        for error in (forbidden, refused):
            assert KEY not in str(error.value) and "Traceback" not in str(error.value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_key_that_expires_while_reading_is_the_same_error(
    stub: Odoo, tmp_path: Path, protocol: str, database: str
) -> None:
    fill(stub)
    with source(stub, tmp_path, protocol) as erp:

        def expire(request: Any) -> None:
            if b"partial" in request.body or "partial" in request.path:
                stub.key = "renewed"

        stub.faults += [expire] * 100
        with pytest.raises(SourceError, match="does not accept the login"):
            erp.sync()
        assert erp.rows("select count(*) from ops.loads") == [(0,)]


def test_an_unknown_field_is_told_without_its_traceback(stub: Odoo, tmp_path: Path) -> None:
    fill(stub)
    for protocol in ("jsonrpc", "xmlrpc"):
        with source(stub, tmp_path, protocol) as erp:
            system = erp.source.declared
            with (
                system.open(access(erp.source, get_settings(), None)) as session,
                pytest.raises(SourceError, match=r": ValueError: Invalid field 'res.partner.nothing'|: 1: ValueError"),
            ):
                session.search("res.partner", [["nothing", "=", 1]], ["id"])


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Sign in</body></html>",
        b"",
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "b">]><methodResponse><params><param><value><string>&a;'
        b"</string></value></param></params></methodResponse>",
        b"<methodResponse><params><param><value><double>a lot</double></value></param></params></methodResponse>",
    ],
    ids=["page", "empty", "entities", "number"],
)
def test_what_is_no_xml_rpc_is_refused(stub: Odoo, tmp_path: Path, body: bytes) -> None:
    with source(stub, tmp_path, "xmlrpc") as erp:
        stub.fail(Reply(200, body, {"Content-Type": "text/xml"}))
        with pytest.raises(SourceError, match="answered what is no XML-RPC"):
            check(erp)
