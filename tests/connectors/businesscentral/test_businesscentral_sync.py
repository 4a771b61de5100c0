"""Business Central, as its stub behaves: tokens, pages, what changed, and that the balances are those of its ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from support.businesscentral_stub import LEDGER, LINKS, SECRET, BusinessCentral
from support.connected import Connected, connected
from support.stub_server import json_reply

from cartera.connectors.api import Access, Control
from cartera.connectors.businesscentral import SYSTEM
from cartera.errors import SourceError


@pytest.fixture
def stub() -> Iterator[BusinessCentral]:
    with BusinessCentral() as made:
        made.customer("ANA")
        made.customer("LUZ")
        yield made


def settings(stub: BusinessCentral) -> dict[str, str]:
    return {"url": stub.url, "login_url": stub.url, "tenant": "acme.example", "environment": "Production",
            "company": "Acme S.A.", "client_id": "app"}  # fmt: skip


@pytest.fixture
def erp(stub: BusinessCentral, database: str, tmp_path: Path) -> Iterator[Connected]:
    with connected(
        tmp_path, "businesscentral", settings(stub), {"client_secret": SECRET}, company_id="acme", page_size="10"
    ) as made:
        yield made


def test_pages_meet_without_a_gap_where_all_was_posted_in_one_moment(stub: BusinessCentral, erp: Connected) -> None:
    for _ in range(35):
        stub.post("Invoice", "ANA", "10.10")
    report = erp.sync()["detailed_customer_ledger_entries"]
    assert (report.rows_new, report.rows_repeated) == (35, 0)
    columns = ("amount", "currency", "dcleDocumentType", "entryType", "cleEntryNo", "cartera_company_id")
    assert erp.current("detailed_customer_ledger_entries", *columns)["7"] == (
        Decimal("10.10"), "PEN", "Invoice", "Initial Entry", 7, "acme")  # fmt: skip
    assert erp.current("customers", "blocked", "company_currency")["ANA"] == (None, "PEN")
    assert {report.load_id for report in erp.sync().values()} == {None}
    # days later: what is new, and an old one that changed
    stub.now += dt.timedelta(days=9)
    erp.now += dt.timedelta(days=9)
    for _ in range(15):
        stub.post("Invoice", "LUZ", "5.00")
    stub.ledger[3]["due"] = "2026-09-09"
    stub.detailed[3]["modified"] = stub._written()
    report = erp.sync()["detailed_customer_ledger_entries"]
    assert (report.rows_new, report.rows_changed) == (15, 1)
    stub.requests.clear()
    assert {report.load_id for report in erp.sync().values()} == {None}
    asked = [request.params.get("$filter", "") for request in stub.requests if request.path.endswith(LEDGER)]
    since = "lastModifiedDateTime ge 2026-03-09T09:00:00Z"
    assert [one for one in asked if since in one][:2] == [since, f"{since} and entryNumber gt 44"]
    # what those entries belong to: by their numbers where some lie between, else by the first and the last
    links = [request.params["$filter"] for request in stub.requests if request.path.endswith(LINKS)]
    assert links[0].startswith("dcleEntryNo eq 3 or dcleEntryNo eq 36 or ")
    assert links[1] == "dcleEntryNo ge 45 and dcleEntryNo le 50"


def test_what_was_posted_in_the_moment_of_the_last_reading_is_not_missed(stub: BusinessCentral, erp: Connected) -> None:
    stub.post("Invoice", "ANA", "10.00")
    erp.sync()
    stub.post("Invoice", "ANA", "20.00")
    assert erp.sync()["detailed_customer_ledger_entries"].rows_new == 1


def test_a_token_that_ends_is_asked_for_again(stub: BusinessCentral, erp: Connected) -> None:
    for _ in range(25):
        stub.post("Invoice", "ANA", "10.00")

    def end(request: object) -> None:
        if "entryNumber gt 20" in getattr(request, "params", {}).get("$filter", ""):
            stub.tokens.clear()
            stub.faults.clear()

    stub.faults += [end] * 40  # type: ignore[list-item]
    assert erp.sync()["detailed_customer_ledger_entries"].rows_new == 25 and stub.issued == 2


def test_entries_that_the_analytics_api_leaves_out_stop_the_source(stub: BusinessCentral, erp: Connected) -> None:
    stub.post("Invoice", "ANA", "10.00")

    def leave_out(request: object) -> object:
        return json_reply({"value": []}) if getattr(request, "path", "").endswith(LINKS) else None

    stub.faults += [leave_out] * 40  # type: ignore[list-item]
    with pytest.raises(SourceError, match="leaves out 1 entries of the customer ledger"):
        erp.sync()


def test_a_company_that_is_not_there_is_told(stub: BusinessCentral, erp: Connected) -> None:
    erp.source = erp.source.model_copy(update={"connection": settings(stub) | {"company": "Acme"}})
    with pytest.raises(SourceError, match="there is no company 'Acme' in Production"):
        erp.sync()


def test_the_open_balance_of_each_customer_is_that_of_the_ledger(stub: BusinessCentral, erp: Connected) -> None:
    first, second = stub.post("Invoice", "ANA", "100.00"), stub.post("Invoice", "ANA", "50.05")
    third, opening = stub.post("Invoice", "LUZ", "33.33"), stub.post("", "LUZ", "44.44")
    part = stub.post("Payment", "ANA", "-70.00")
    stub.apply(part, first, "70.00")
    # too much: the rest is on account
    over = stub.post("Payment", "LUZ", "-40.00")
    stub.apply(over, third, "30.00")
    note = stub.post("Credit Memo", "LUZ", "-3.33")
    stub.apply(note, third, "3.33")
    agrees(stub, erp)
    assert open_of(erp, first) == Decimal(30) and open_of(erp, third) == 0
    stub.now += dt.timedelta(days=2)
    # paid with discount; money on account taken by an invoice that is posted later; a payment taken back
    early = stub.post("Payment", "ANA", "-49.05")
    stub.apply(early, second, "49.05", discount="1.00")
    later = stub.post("Invoice", "LUZ", "8.00")
    stub.apply(later, over, "8.00")
    stub.unapply(part, first)
    stub.reverse(part)
    # the same is applied again and taken back again; a credit is paid back
    stub.unapply(early, second)
    stub.apply(early, second, "49.05", discount="1.00")
    loose = stub.post("Credit Memo", "LUZ", "-20.00")
    stub.apply(stub.post("Refund", "LUZ", "20.00"), loose, "20.00")
    assert control(stub) == [Control("Acme S.A.", "PEN", Decimal("142.44"))]
    # a debt is in its currency; then the total in the company's is no control
    stub.customer("EVA")
    dollars = stub.post("Invoice", "EVA", "100.00", rate="3.75")
    stub.apply(stub.post("Payment", "EVA", "-40.00", rate="3.75"), dollars, "40.00")
    stub.post("Invoice", "EVA", "5.00")
    assert control(stub) == []
    agrees(stub, erp)
    assert (stub.balance("ANA"), stub.balance("LUZ")) == (Decimal(100), Decimal("42.44"))
    found = erp.rows(
        "select currency_code, sum(open_amount) from serve.fct_open_items where customer_id = 'erp:EVA' group by 1"
    )
    assert dict(found) == {"USD": Decimal(60), "PEN": Decimal(5)}
    assert (open_of(erp, first), open_of(erp, second), open_of(erp, later)) == (Decimal(100), 0, 0)
    assert open_of(erp, opening) == Decimal("44.44")


def test_money_paid_back_that_is_applied_to_nothing_yet_is_owed(stub: BusinessCentral, erp: Connected) -> None:
    note = stub.post("Credit Memo", "ANA", "-50.00")
    back, other = stub.post("Refund", "ANA", "80.00"), stub.post("Refund", "LUZ", "5.00")
    agrees(stub, erp)
    assert (stub.balance("ANA"), stub.balance("LUZ")) == (Decimal(30), Decimal(5))
    stub.now += dt.timedelta(days=2)
    stub.apply(back, note, "50.00")
    payment = stub.post("Payment", "LUZ", "-7.00")
    stub.apply(payment, other, "5.00")
    stub.unapply(payment, other)
    agrees(stub, erp)
    found = erp.rows("select item_id, open_amount from serve.fct_open_items where open_amount <> 0")
    assert sorted(amount for _item, amount in found) == [-7, 5, 30]


def test_an_entry_without_a_document_number_stops_no_build(
    stub: BusinessCentral, erp: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = stub._link
    monkeypatch.setattr(stub, "_link", lambda row: {**shown(row), "dcleDocumentNo": ""})
    for kind, amount in (("", "44.44"), ("Payment", "-4.00"), ("Credit Memo", "-0.44"), ("Refund", "1.00")):
        stub.post(kind, "ANA", amount)
    stub.post("Invoice", "LUZ", "9.00")
    agrees(stub, erp)


def test_what_is_applied_in_another_currency_is_used_up_on_both_sides(stub: BusinessCentral, erp: Connected) -> None:
    dollars, soles = stub.post("Invoice", "ANA", "100.00", rate="3.75"), stub.post("Invoice", "ANA", "30.00")
    payment = stub.post("Payment", "ANA", "-400.00")
    # one payment for both: a row of the invoice and one of the payment for each
    stub.apply(payment, soles, "20.00")
    stub._detail("Application", dollars, Decimal(-100), payment)
    stub._detail("Application", payment, Decimal(375), payment)
    stub.post("Invoice", "LUZ", "1.00")
    erp.sync()
    erp.publish(dt.date(2026, 6, 30))
    found = erp.rows("select item_id, open_amount from serve.fct_open_items where customer_id = 'erp:ANA'")
    assert {item: amount for item, amount in found if amount} == {
        f"erp:{soles}:1": Decimal(10), f"payment:erp:{payment}": Decimal(-5),
    }  # fmt: skip
    # and taken back
    stub.now += dt.timedelta(days=2)
    stub.unapply(payment, dollars)
    erp.sync()
    erp.publish(dt.date(2026, 6, 30))
    assert open_of(erp, dollars) == Decimal(100) and open_of(erp, soles) == Decimal(10)
    found = erp.rows("select open_amount from serve.fct_open_items where item_id = %s", [f"payment:erp:{payment}"])
    assert found == [(Decimal(-380),)]


def agrees(stub: BusinessCentral, erp: Connected) -> None:
    erp.sync()
    erp.publish(dt.date(2026, 6, 30))
    found = erp.open_balances()
    assert [found[f"erp:{name}"] for name in ("ANA", "LUZ")] == [stub.balance(name) for name in ("ANA", "LUZ")]


def open_of(erp: Connected, entry: int) -> Decimal:
    ((amount,),) = erp.rows(
        "select coalesce(sum(open_amount), 0) from serve.fct_open_items where invoice_id = %s", [f"erp:{entry}"]
    )
    return Decimal(amount)


def control(stub: BusinessCentral) -> list[Control]:
    access = Access("erp", settings(stub) | {"client_secret": SECRET}, frozenset({SECRET}))
    assert SYSTEM.controls
    with SYSTEM.open(access) as session:
        return list(SYSTEM.controls(session))
