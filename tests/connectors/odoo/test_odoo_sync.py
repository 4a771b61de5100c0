"""Odoo, as its stub behaves: what is read, what changed, what is gone, and that the balances are its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.connected import Connected, connected
from support.odoo_stub import DATABASE, KEY, LOGIN, Odoo

from cartera.connectors.api.secrets import access
from cartera.landing import LoadReport
from cartera.settings import get_settings

AS_OF = dt.date(2026, 6, 30)


def connect(stub: Odoo, tmp_path: Path, protocol: str = "auto", **more: Any) -> Any:
    """The source: two companies, small pages."""
    connection = {"url": stub.url, "database": DATABASE, "user": LOGIN, "protocol": protocol}
    companies = {"Acme S.A.": "acme", "Norte S.A.": "norte"}
    return connected(
        tmp_path,
        "odoo",
        connection,
        {"api_key": KEY},
        companies=companies,
        company_id="acme",
        **{"page_size": "10", **more},
    )


@pytest.fixture
def stub() -> Iterator[Odoo]:
    with Odoo() as made:
        yield made


@pytest.fixture
def erp(stub: Odoo, database: str, tmp_path: Path) -> Iterator[Connected]:
    with connect(stub, tmp_path) as made:
        yield made


def counts(report: LoadReport) -> tuple[int, ...]:
    """new, changed, deleted, quarantined"""
    return report.rows_new, report.rows_changed, report.rows_deleted, report.rows_quarantined


def agrees(stub: Odoo, erp: Connected) -> dict[str, dict[int, Decimal]]:
    """Sync and publish: open balances per customer and currency are the residuals of Odoo's receivable account, and so
    is what `controls` says. By currency: customer -> balance."""
    erp.sync()
    erp.publish(AS_OF)
    found = erp.rows(
        "select customer_id, currency_code, sum(open_amount) from serve.fct_open_items"
        " group by 1, 2 having sum(open_amount) <> 0"
    )
    ours = {(customer, currency): amount for customer, currency, amount in found}
    assert ours == {(f"erp:{partner}", currency): amount for (partner, currency), amount in stub.residuals().items()}
    of_companies = erp.rows(
        "select company_id, currency_code, sum(open_amount) from serve.fct_open_items group by 1, 2"
    )
    assert {key: amount for *key_, amount in of_companies if amount for key in [tuple(key_)]} == {
        key: amount for key, amount in controlled(erp).items() if amount
    }
    by_currency: dict[str, dict[int, Decimal]] = {}
    for (partner, currency), amount in stub.residuals().items():
        by_currency.setdefault(currency, {})[partner] = amount
    return by_currency


def controlled(erp: Connected) -> dict[tuple[str | None, str], Decimal]:
    system = erp.source.declared
    with system.open(access(erp.source, get_settings(), None)) as session:
        assert system.controls
        return {(erp.source.our_company(one.company), one.currency): one.amount for one in system.controls(session)}


def test_open_balances_are_odoos_own_at_each_point(stub: Odoo, erp: Connected) -> None:
    ana, luz = stub.partner("Ana S.A."), stub.partner("Luz S.A.")
    contact = stub.partner("Cuentas por pagar", parent=ana, email="pagos@ana.example")
    split = stub.invoice(contact, "100.00", [("2026-04-01", "60.00"), ("2026-05-01", "40.00")])
    whole, over = stub.invoice(ana, "50.05"), stub.invoice(luz, "33.33")
    credited, cancelled = stub.invoice(luz, "44.44"), stub.invoice(luz, "77.77")
    dollars = stub.invoice(luz, "200.00", currency="USD", rate="3.75")
    draft = stub.invoice(ana, "9.99", state="draft")
    elsewhere = stub.invoice(ana, "12.12", company=stub.norte)
    stub.tick()
    partial = stub.payment(ana, "70.00", stub.line(split), stub.line(split, 1))
    paid = stub.payment(ana, "50.05", stub.line(whole))
    stub.payment(luz, "40.00", stub.line(over))
    note = stub.invoice(luz, "14.44", move_type="out_refund", reversed_entry_id=credited)
    stub.reconcile(stub.line(credited), stub.line(note))
    stub.payment(luz, "150.00", stub.line(dollars), currency="USD", rate="3.70")
    first = agrees(stub, erp)
    assert first["PEN"] == {ana: Decimal("42.12"), luz: Decimal("101.10")} and first["USD"] == {luz: Decimal("50.00")}
    stub.tick()
    # un-reconciled, the payment stays on account; cancelled with its residual; a note beyond the debt; bank and misc
    stub.unreconcile(stub.paying(partial))
    stub.set_state(cancelled, "cancel")
    note = stub.invoice(ana, "60.00", move_type="out_refund")
    stub.reconcile(stub.line(elsewhere), stub.entry(ana, "-5.00", "bank", company=stub.norte))
    opening = stub.entry(luz, "500.00", date_maturity="2026-01-31")
    stub.reconcile(opening, stub.entry(luz, "-120.00"))
    stub.entry(luz, "-1.00", "bank")
    agrees(stub, erp)
    stub.tick()
    # given back, in part against the note; a payment cancelled; archived, with its debt; a draft deleted
    back = stub.payment(ana, "25.00", stub.line(note), payment_type="outbound")
    stub.entry(luz, "3.00", "bank")
    stub.set_state(stub.tables["account.payment"][paid]["move_id"], "cancel")
    stub.save("account.payment", paid, state="canceled", move_id=None)
    stub.save("res.partner", luz, active=False)
    stub.delete(draft)
    assert back
    agrees(stub, erp)


def test_debts_settled_in_another_currency(stub: Odoo, erp: Connected) -> None:
    ana = stub.partner("Ana S.A.")
    dollars, soles = stub.invoice(ana, "100.00", currency="USD", rate="3.75"), stub.invoice(ana, "375.00")
    noted = stub.invoice(ana, "10.00", currency="USD", rate="3.75")
    # 370 soles for 100 dollars, the rest of the payment lost with the rate
    paid = stub.paying(stub.payment(ana, "376.00"))
    stub.reconcile(stub.line(dollars), paid, ("100.00", "370.00"))
    stub.exchange_difference(paid, "5.00")
    # 99 dollars for 372 soles, and the rest of the debt is a gain
    stub.reconcile(stub.line(soles), stub.paying(stub.payment(ana, "99.00", currency="USD")), ("372.00", "99.00"))
    stub.exchange_difference(stub.line(soles), "-3.00")
    note = stub.invoice(ana, "40.00", move_type="out_refund")
    stub.reconcile(stub.line(noted), stub.line(note), ("10.00", "37.50"))
    # in the currency of the debt an exchange difference is nothing
    stub.exchange_difference(stub.line(dollars), "0.00", "USD")
    assert agrees(stub, erp) == {"PEN": {ana: Decimal("-3.50")}}
    written_off = erp.rows("select reason, written_off_amount from serve.fct_write_offs order by 2")
    assert written_off == [("exchange difference", Decimal(3)), ("credit note in PEN", Decimal(10))]
