"""NetSuite, as its stub behaves: assertions, pages, what changed or was deleted, and that the balances are its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from support.connected import Connected, connected
from support.netsuite_stub import ON_ONE_LINE, PRIVATE_KEY, NetSuite
from support.stub_server import json_reply

from cartera.connectors.api import Access, Control
from cartera.connectors.netsuite import SYSTEM
from cartera.errors import GateFailed, SourceError

ANA, LUZ, EVA = 1, 2, 3


@pytest.fixture
def stub() -> Iterator[NetSuite]:
    with NetSuite() as made:
        made.customer(ANA, "Ana S.A.")
        made.customer(LUZ, "Luz S.A.")
        yield made


def settings(stub: NetSuite) -> dict[str, str]:
    return {"url": stub.url, "account": "123_SB1", "client_id": "app", "certificate_id": "cert", "installments": "yes"}


@pytest.fixture
def erp(stub: NetSuite, database: str, tmp_path: Path) -> Iterator[Connected]:
    with connected(
        tmp_path, "netsuite", settings(stub), {"private_key": ON_ONE_LINE}, companies={"1": "acme", "2": "inc"},
        company_id="acme", page_size="10",
    ) as made:  # fmt: skip
        yield made


def test_pages_meet_without_a_gap_where_all_was_saved_in_one_second(stub: NetSuite, erp: Connected) -> None:
    for _ in range(35):
        stub.post("CustInvc", ANA, "10.10")
    report = erp.sync()["transaction"]
    assert (report.rows_new, report.rows_repeated) == (35, 0)
    columns = ("foreigntotal", "currency", "basecurrency", "cartera_company_id", "trandate", "foreignamountunpaid")
    assert erp.current("transaction", *columns)["107"] == (
        Decimal("10.10"), "PEN", "PEN", "acme", dt.date(2026, 3, 1), Decimal("10.10"))  # fmt: skip
    assert {report.load_id for report in erp.sync().values()} == {None}
    later(stub, erp)
    stub.post("CustPymt", ANA, "10.10", {103: "10.10"})
    report = erp.sync()["transaction"]
    assert (report.rows_new, report.rows_changed) == (1, 1)
    assert erp.current("transaction", "foreignamountunpaid")["103"] == (0,)


def test_what_was_saved_in_the_second_of_the_last_reading_is_not_missed(stub: NetSuite, erp: Connected) -> None:
    stub.post("CustInvc", ANA, "10.00")
    erp.sync()
    stub.post("CustInvc", ANA, "20.00")
    assert erp.sync()["transaction"].rows_new == 1


def test_what_was_deleted_there_is_gone_and_nothing_that_has_the_same_id(stub: NetSuite, erp: Connected) -> None:
    kept, lost = stub.post("CustInvc", ANA, "10.00"), stub.post("CustInvc", ANA, "20.00")
    erp.sync()
    stub.now += dt.timedelta(hours=1)
    stub.delete(lost)
    # an item of another kind, with the id of an invoice
    stub._insert("deletedrecord", recordid=kept, recordtypeid=-10, deleteddate=stub._moment())
    assert erp.sync()["transaction"].rows_deleted == 1
    assert set(erp.current("transaction")) == {str(kept)} and set(erp.current("customer")) == {"1", "2"}


def test_a_token_that_ends_is_asked_for_again(stub: NetSuite, erp: Connected) -> None:
    for _ in range(25):
        stub.post("CustInvc", ANA, "10.00")

    def end(request: object) -> None:
        if b"t.id > 120" in getattr(request, "body", b""):
            stub.tokens.clear()
            stub.faults.clear()

    stub.faults += [end] * 40  # type: ignore[list-item]
    assert erp.sync()["transaction"].rows_new == 25 and stub.issued == 2


def test_a_private_key_that_is_none_is_told_without_it(
    stub: NetSuite, erp: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARTERA_SOURCE_ERP_PRIVATE_KEY", "-----BEGIN nothing-----")
    with pytest.raises(SourceError, match="the private key can't be used") as told:
        erp.sync()
    assert "BEGIN" not in str(told.value) and not stub.requests


def test_an_answer_without_rows_is_told(stub: NetSuite, erp: Connected) -> None:
    stub.faults += [lambda _request: None, lambda _request: json_reply({"title": "maintenance"})]
    with pytest.raises(SourceError, match="has no list of items, for controls"):
        erp.sync()


def test_a_transaction_of_nobody_waits_in_quarantine_and_the_control_total_says_so(
    stub: NetSuite, erp: Connected
) -> None:
    for _ in range(12):
        stub.post("CustInvc", ANA, "10.00")
    nobodys = stub.post("CustPymt", ANA, "5.00")
    stub.change(nobodys, entity=None)
    assert erp.sync()["transaction"].rows_quarantined == 1
    with pytest.raises(GateFailed, match="115.000000 receivable but its records give 120.000000.* wait in quarantine"):
        erp.publish(dt.date(2026, 6, 30))


def test_an_answer_that_promises_more_and_gives_nothing_is_told(stub: NetSuite, erp: Connected) -> None:
    asked = []

    def endless(request: object) -> object:
        asked.append(request)
        if b"nexttransactionlinelink" not in getattr(request, "body", b"") or len(asked) > 30:
            return None
        return json_reply({"items": [], "hasMore": True, "count": 0, "offset": 0, "totalResults": 9})

    stub.post("CustPymt", ANA, "10.00")
    stub.faults += [endless] * 60  # type: ignore[list-item]
    with pytest.raises(SourceError, match="says that there is more, and gives nothing, for applied"):
        erp.sync()
    assert len(asked) < 10


def test_the_open_balance_of_each_customer_is_the_systems_own(stub: NetSuite, erp: Connected) -> None:
    first = stub.post("CustInvc", ANA, "100.00", installments=[("2026-04-01", "60.00"), ("2026-05-01", "40.00")])
    second, third = stub.post("CustInvc", ANA, "50.05"), stub.post("CustInvc", LUZ, "33.33")
    void = stub.post("CustInvc", LUZ, "44.44")
    part = stub.post("CustPymt", ANA, "70.00", {first: "70.00"})
    # too much: the rest is on account
    over = stub.post("CustPymt", LUZ, "40.00", {third: "30.00"})
    stub.post("CustCred", LUZ, "3.33", {third: "3.33"})
    loose = stub.post("CustCred", ANA, "20.00")
    stub.post("CustInvc", LUZ, "9.99", posting="F")
    agrees(stub, erp)
    instalments = dict(erp.rows("select item_id, open_amount from serve.fct_open_items where due_date is not null"))
    assert instalments == {
        f"erp:{first}:2": Decimal(30), f"erp:{second}:1": Decimal("50.05"), f"erp:{void}:1": Decimal("44.44"),
    }  # fmt: skip
    # days go by: what is asked for again begins after these
    later(stub, erp)
    small = stub.post("CustInvc", LUZ, "1.00")
    erp.sync()
    later(stub, erp)
    stub.post("CustPymt", LUZ, "1.00", {small: "1.00"})
    # un-applied; voided; deleted; a credit memo paid back; an invoice that a journal entry settles in part
    stub.unapply(part)
    stub.change(void, voided="T")
    stub.delete(over)
    stub.post("CustRfnd", ANA, "20.00", {loose: "20.00"})
    stub._insert("nexttransactionlinelink", previousdoc=second, previoustype="CustInvc", nextdoc=7777,
                 nexttype="Journal", linktype="Payment", foreignamount=0.05)  # fmt: skip
    other_companies(stub)
    agrees(stub, erp)
    assert (stub.balance(ANA), stub.balance(LUZ)) == (Decimal(80), Decimal(30))
    found = erp.rows(
        "select company_id, currency_code, sum(open_amount) from serve.fct_open_items where customer_id = 'erp:3'"
        " group by 1, 2 order by 1, 2"
    )
    assert found == [("acme", "PEN", Decimal(2)), ("acme", "USD", Decimal(60)), ("inc", "USD", Decimal(5))]
    assert controls(stub) == [
        Control("1", "PEN", Decimal(112)), Control("1", "USD", Decimal(60)), Control("2", "USD", Decimal(5)),
    ]  # fmt: skip


def later(stub: NetSuite, erp: Connected) -> None:
    stub.now += dt.timedelta(days=9)
    erp.now += dt.timedelta(days=9)


def agrees(stub: NetSuite, erp: Connected) -> None:
    """By customer, and - the gate refuses anything else - by invoice, as `foreignamountunpaid` says."""
    erp.sync()
    erp.publish(dt.date(2026, 6, 30))
    found = erp.open_balances()
    assert [found[f"erp:{number}"] for number in (ANA, LUZ)] == [stub.balance(number) for number in (ANA, LUZ)]


def controls(stub: NetSuite) -> list[Control]:
    access = Access("erp", settings(stub) | {"private_key": PRIVATE_KEY}, frozenset({PRIVATE_KEY}))
    assert SYSTEM.controls
    with SYSTEM.open(access) as session:
        return list(SYSTEM.controls(session))


def other_companies(stub: NetSuite) -> None:
    """Each subsidiary is a company with debts in their currencies."""
    stub.customer(EVA, "Eva S.A.")
    dollars = stub.post("CustInvc", EVA, "100.00", currency=1)
    stub.post("CustPymt", EVA, "40.00", {dollars: "40.00"}, currency=1)
    stub.post("CustInvc", EVA, "5.00", currency=1, subsidiary=2)
    deposit = stub.post("CustInvc", EVA, "8.00")
    stub.post("DepAppl", EVA, "6.00", {deposit: "6.00"})
