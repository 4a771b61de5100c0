"""ERPNext, as its stub behaves: what is read, what changed, what is gone, and that the balances are its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from support.connected import Connected, connected
from support.erpnext_stub import ErpNext


@pytest.fixture
def stub() -> Iterator[ErpNext]:
    with ErpNext() as made:
        made.customer("ANA")
        made.customer("LUZ")
        made.tick()
        yield made


@pytest.fixture
def erp(stub: ErpNext, database: str, tmp_path: Path) -> Iterator[Connected]:
    secrets = {"api_secret": "s3cr3t-of-erpnext"}
    with connected(
        tmp_path, "erpnext", {"url": stub.url, "api_key": "key"}, secrets, companies={"Acme S.A.": "acme"},
        company_id="acme", page_size="10",
    ) as made:  # fmt: skip
        yield made


def counts(report: object) -> tuple[int, ...]:
    return tuple(getattr(report, f"rows_{name}") for name in ("new", "changed", "deleted", "quarantined"))


def test_the_first_reading_is_whole_and_the_next_brings_what_changed(stub: ErpNext, erp: Connected) -> None:
    for number in range(35):
        stub.invoice(f"I{number:02}", "ANA", "10.10")
    assert counts(erp.sync()["sales_invoice"]) == (35, 0, 0, 0)
    assert erp.current("sales_invoice", "grand_total")["I07"] == (Decimal("10.10"),)
    assert erp.sync()["sales_invoice"].is_unchanged
    stub.tick()
    stub.invoice("I35", "LUZ", "20.00")
    stub.payment("P1", "ANA", "10.10", {"I03": "10.10"})
    found = erp.sync()
    assert counts(found["sales_invoice"]) == (1, 1, 0, 0)
    assert counts(found["payment_entry"]) == (1, 0, 0, 0)


def test_the_open_balance_of_each_customer_is_the_systems_own(stub: ErpNext, erp: Connected) -> None:
    stub.invoice("I1", "ANA", "100.00", [("2026-04-01", "60.00"), ("2026-05-01", "40.00")])
    stub.invoice("I2", "ANA", "50.05")
    stub.invoice("I3", "LUZ", "33.33")
    stub.tick()
    stub.payment("P1", "ANA", "70.00", {"I1": "70.00"})
    stub.payment("P2", "ANA", "10.00", {"I2": "10.00"})
    stub.credit_note("C1", "I3", "3.33")
    erp.sync()
    erp.publish(dt.date(2026, 6, 30))
    assert erp.open_balances() == {"erp:ANA": stub.outstanding("ANA"), "erp:LUZ": Decimal("30.00")}
    stub.tick()
    stub.cancel("Payment Entry", "P2")
    stub.credit_note("C2", "I1", "5.00", for_self=True)
    erp.sync()
    erp.publish(dt.date(2026, 6, 30))
    assert erp.open_balances() == {"erp:ANA": stub.outstanding("ANA"), "erp:LUZ": Decimal("30.00")}
