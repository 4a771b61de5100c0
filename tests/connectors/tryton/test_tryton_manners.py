"""What the real Tryton can't be made to do in a moment: see test_tryton_for_real.py for the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from support.connected import Connected, connected
from support.stub_server import Request, json_reply
from support.tryton_stub import PASSWORD, Tryton

from cartera.connectors.api import jsons
from cartera.connectors.tryton import client
from cartera.connectors.tryton.values import flat, plain
from cartera.errors import SourceError


@pytest.fixture(params=["8.2", "6.0"])
def stub(request: pytest.FixtureRequest) -> Iterator[Tryton]:
    with Tryton(request.param) as made:
        for key in range(1, 31):
            made.save(key)
        yield made


@pytest.fixture
def erp(stub: Tryton, database: str, tmp_path: Path) -> Iterator[Connected]:
    connection = {"url": stub.url, "database": "tryton", "user": "reader"}
    with connected(tmp_path, "tryton", connection, {"password": PASSWORD}, company_id="acme", page_size="10") as made:
        yield made


def test_calls_go_where_the_series_takes_them_and_the_session_is_reused_and_ended(stub: Tryton, erp: Connected) -> None:
    assert erp.sync()["party_party"].rows_new == 30
    assert erp.current("party_party", "country_code", "lang_code")["7"] == ("PE", "es")
    assert stub.calls.count("common.db.login") == 1 and stub.calls[-1] == "common.db.logout"


def test_a_session_that_ended_is_begun_anew(stub: Tryton, erp: Connected) -> None:
    def end(_request: Request) -> None:
        if stub.calls[-1].endswith("party.search_read") and stub.calls.count("common.db.login") == 1:
            stub.end_sessions()

    stub.faults += [end] * 40  # type: ignore[list-item]
    assert erp.sync()["party_party"].rows_new == 30
    assert stub.calls.count("common.db.login") == 2


def test_an_error_in_an_answer_of_200_lands_nothing_and_shows_no_secret(stub: Tryton, erp: Connected) -> None:
    refused = ["UserError", ["You may not read this.", f"Ask for {PASSWORD}"]]
    replies = {"account.invoice": {"id": 1, "error": refused}, "party.party": {"id": 1, "error": ["'nope'", "trace"]}}
    for model, reply in replies.items():
        stub.faults = [
            lambda request, model=model, reply=reply: (
                json_reply(reply) if request.json["method"] == f"model.{model}.search_read" else None
            )
        ] * 40
        with pytest.raises(SourceError, match="You may not read this" if model == "account.invoice" else "'nope'") as e:
            erp.sync()
        assert PASSWORD not in str(e.value)
    stub.faults = []
    assert erp.sync()["party_party"].rows_new == 30


def test_a_wrong_password_is_tried_once(stub: Tryton, erp: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARTERA_SOURCE_ERP_PASSWORD", "wrong")
    with pytest.raises(SourceError, match="does not accept the login"):
        erp.sync()
    assert stub.calls.count("common.db.login") == 1


def test_what_changed_during_a_long_reading_is_read_again(
    stub: Tryton, erp: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By id, party 1 is read first; it changes while the others are, and a later one long after it."""

    def on_its_way(request: Request) -> None:
        if request.json["method"] != "model.party.party.search_read":
            return
        stub.now += dt.timedelta(minutes=30)
        if request.json["params"][0][-1] == ["id", ">", 10] and "write" not in seen:
            seen.append("write")
            stub.save(1, name="changed meanwhile")
        if request.json["params"][0][-1] == ["id", ">", 20] and len(seen) == 1:
            seen.append("later")
            stub.save(30, name="changed later")

    seen: list[str] = []
    monkeypatch.setattr(client, "date_of", lambda _answer: stub.now)
    stub.faults += [on_its_way] * 60  # type: ignore[list-item]
    assert erp.sync()["party_party"].rows_new == 30
    assert erp.current("party_party", "name")["1"] == ("changed meanwhile",)
    assert erp.current("party_party", "name")["30"] == ("changed later",)


def test_lines_say_what_is_open_and_what_paid_it(stub: Tryton, erp: Connected) -> None:
    for key in range(1, 30, 2):
        stub.line(key, 7, "100.10", key)
        stub.line(key + 1, 7, "-100.10", key)
    stub.line(31, 7, "50.00")
    stub.line(32, 8, "-5.00")
    assert erp.sync()["account_move_line"].rows_new == 32
    found = erp.current("account_move_line", "amount", "invoice", "reconciled")
    assert found["31"] == (Decimal("50.00"), "31", []) and found["32"] == (Decimal("-5.00"), None, [])
    assert [one["line"] for one in found["12"][2]] == ["11", "12"]
    totals = "select currency_code, control_amount from raw_files.controls"
    assert erp.rows(totals) == [("PEN", Decimal("45.00"))]


def test_a_module_that_is_not_there_has_no_records(stub: Tryton, erp: Connected) -> None:
    erp.sync()
    assert "model.account.dunning.search_read" not in stub.calls
    assert erp.current("account_dunning") == {}


def test_recorded_answers_are_read_to_the_cent(shared_data: Path) -> None:
    """1,227 invoices recorded from Tryton 8.2, with ties, nulls and dates as objects."""
    invoices, sums = 0, Decimal(0)
    for page in sorted((shared_data / "recorded-api" / "tryton82-jsonrpc").glob("invoice_page*.json")):
        for record in plain(jsons.parse(page.read_bytes())["body"]["result"]):
            found = flat(record)
            invoices, sums = invoices + 1, sums + found["total_amount"]
            assert found["currency_code"] == "USD" and found["invoice_date"][:5] == "2025-"
            assert found["write_date"] is None or found["write_date"][-6:] == "+00:00"
    assert (invoices, sums) == (1227, Decimal("73227.00"))
