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
    found = erp.rows(
        "select company_id, currency_code, sum(open_amount) from serve.fct_open_items"
        " group by 1, 2 having sum(open_amount) <> 0"
    )
    assert {(company, currency): amount for company, currency, amount in found} == controlled(erp)
    by_currency: dict[str, dict[int, Decimal]] = {}
    for (partner, currency), amount in stub.residuals().items():
        by_currency.setdefault(currency, {})[partner] = amount
    return by_currency


def controlled(erp: Connected) -> dict[tuple[str | None, str], Decimal]:
    system = erp.source.declared
    with system.open(access(erp.source, get_settings(), None)) as session:
        assert system.controls
        found = {(erp.source.our_company(one.company), one.currency): one.amount for one in system.controls(session)}
        return {key: amount for key, amount in found.items() if amount}


def test_open_balances_are_odoos_own_at_each_point(stub: Odoo, erp: Connected) -> None:
    ana, luz = stub.partner("Ana S.A."), stub.partner("Luz S.A.", lang=None, email="luz@luz.example")
    contact = stub.partner("Cuentas por pagar", parent=ana, type="invoice", email="pagos@ana.example")
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
    stub.payment(ana, "25.00", stub.line(note), payment_type="outbound")
    stub.entry(luz, "3.00", "bank")
    # its entry is deleted without a trace; only the record says so
    stub.set_state(stub.tables["account.payment"][paid]["move_id"], "draft")
    stub.delete(stub.tables["account.payment"][paid]["move_id"])
    stub.save("account.payment", paid, state="canceled", move_id=None)
    stub.save("res.partner", luz, active=False)
    stub.delete(draft)
    dollar = {"name": "2026-03-01", "currency_id": stub.USD, "rate": Decimal("0.266667")}
    stub.save("res.currency.rate", **dollar, inverse_company_rate=Decimal("3.75"), company_id=stub.norte)
    stub.save("res.currency.rate", **dollar, inverse_company_rate=Decimal("3.76"), company_id=None)
    agrees(stub, erp)
    # contacts are no customers; whoever is archived still owes
    assert erp.rows(
        "select customer_id, language_code, email, is_active from serve.dim_customers"
        " where recorded_to = '9999-12-31 00:00:00+00' order by name"
    ) == [(f"erp:{ana}", "es_PE", "pagos@ana.example", True), (f"erp:{luz}", None, "luz@luz.example", False)]
    rates = "select company_id, currency_code, company_currency_code, rate from serve.fct_fx_rates order by rate"
    assert erp.rows(rates) == [("norte", "USD", "PEN", Decimal("3.75")), (None, "USD", "PEN", Decimal("3.76"))]
    assert erp.rows("select sum(refunded_amount) from serve.fct_refunds") == [(Decimal(28),)]
    assert erp.rows("select count(*) from serve.fct_payments where status = 'cancelled'") == [(1,)]


def test_a_payment_posted_later_counts_though_its_own_record_has_no_new_date(stub: Odoo, erp: Connected) -> None:
    # to 17 its state is that of its entry, whose date alone moves
    stub.version = "17.0"
    ana = stub.partner("Ana S.A.")
    stub.invoice(ana, "100.00")
    payment = stub.payment(ana, "30.00")
    record = stub.tables["account.payment"][payment]
    stub.set_state(record["move_id"], "draft")
    stub.save("account.payment", payment, state="draft")
    stub.tick(3600)
    stub.payment(ana, "5.00")
    erp.sync()
    stub.tick(3600)
    stub.set_state(record["move_id"], "posted")
    record["state"] = "posted"
    assert agrees(stub, erp)["PEN"] == {ana: Decimal(65)}


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


def test_a_second_with_more_records_than_a_page_is_read_whole(stub: Odoo, erp: Connected) -> None:
    ana = stub.partner("Ana S.A.")
    stub.tick(1)
    # in one second, the later ones with the smaller ids
    made = [stub.invoice(ana, "10.00") for _number in range(35)]
    for place, move in enumerate(reversed(made)):
        stub.now = stub.now.replace(microsecond=place * 1000)
        stub.save("account.move", move)
    stub.now += dt.timedelta(seconds=1)
    others = [stub.invoice(ana, "10.00") for _number in range(15)]
    for move in reversed(others):
        stub.tick(1)
        stub.save("account.move", move)
    assert counts(erp.sync()["account_move"]) == (50, 0, 0, 0)
    assert set(erp.current("account_move")) == {str(id) for id in (*made, *others)}
    assert {report.load_id for report in erp.sync().values()} == {None}


def test_what_changes_in_the_second_of_the_last_reading_is_not_missed(stub: Odoo, erp: Connected) -> None:
    ana = stub.partner("Ana S.A.")
    first, second = stub.invoice(ana, "10.00"), stub.invoice(ana, "20.00")
    erp.sync()
    stub.save("account.move", first, ref="seen later")
    stub.now = stub.now.replace(microsecond=0)
    third = stub.invoice(ana, "30.00")
    assert counts(erp.sync()["account_move"]) == (1, 1, 0, 0)
    assert erp.current("account_move", "ref") == {
        str(first): ("seen later",),
        str(second): (None,),
        str(third): (None,),
    }


def test_a_record_that_changes_while_pages_are_read_lands_once_as_it_is_last(stub: Odoo, erp: Connected) -> None:
    ana = stub.partner("Ana S.A.")
    made = []
    for _number in range(40):
        stub.tick(1)
        made.append(stub.invoice(ana, "10.00"))
    seen: list[object] = []

    def change(request: Any) -> None:
        if b'"account.move", "search_read"' in request.body.replace(b'","', b'", "') and len(seen) < 3:
            seen.append(request)
            stub.tick(1)
            stub.save("account.move", made[len(seen)], ref=f"renamed {len(seen)}")
            stub.delete(made[-len(seen)])

    stub.faults += [change] * 60
    report = erp.sync()["account_move"]
    assert len(seen) == 3 and report.rows_in == report.rows_new == len(erp.current("account_move"))
    assert report.rows_quarantined == 0
    assert {str(id) for id in stub.tables["account.move"]} <= set(erp.current("account_move"))
    assert erp.current("account_move", "ref")[str(made[2])] == ("renamed 2",)


def test_what_is_deleted_there_is_found_by_comparing_keys(stub: Odoo, erp: Connected) -> None:
    ana = stub.partner("Ana S.A.")
    made = [stub.invoice(ana, "10.00", state="draft") for _number in range(30)]
    erp.sync()
    line = stub.line(made[7])
    stub.delete(made[7])
    assert counts(erp.sync()["account_move"]) == (0, 0, 0, 0)
    erp.now += dt.timedelta(hours=24)
    found = erp.sync()
    assert counts(found["account_move"]) == counts(found["account_move_line"]) == (0, 0, 1, 0)
    assert str(made[7]) not in erp.current("account_move") and str(line) not in erp.current("account_move_line")
    assert erp.sync()["account_move"].is_unchanged


def test_a_match_that_is_undone_is_gone_with_the_next_reading(stub: Odoo, erp: Connected) -> None:
    ana = stub.partner("Ana S.A.")
    debt = stub.line(stub.invoice(ana, "10.00"))
    paid = stub.payment(ana, "4.00", debt)
    erp.sync()
    ((matched, left),) = [erp.current("account_move_line", "matched_credits", "amount_residual_currency")[str(debt)]]
    assert [item["credit_line_id"] for item in matched] == [str(stub.paying(paid))] and left == Decimal(6)
    stub.tick()
    stub.unreconcile(debt)
    erp.sync()
    assert erp.current("account_move_line", "matched_credits", "amount_residual_currency")[str(debt)] == (
        [],
        Decimal(10),
    )


def test_records_without_a_date_of_change_are_read_too(stub: Odoo, erp: Connected) -> None:
    ids = [stub.partner(f"P{number}") for number in range(25)]
    for id in ids[3:18]:
        stub.tables["res.partner"][id]["write_date"] = None
    assert counts(erp.sync()["res_partner"]) == (25, 0, 0, 0)
    stub.tables["res.partner"][ids[4]]["name"] = "changed without a trace"
    assert counts(erp.sync()["res_partner"]) == (0, 1, 0, 0)


def test_a_contact_that_changes_brings_its_customer_with_it(stub: Odoo, erp: Connected) -> None:
    ana = stub.partner("Ana S.A.", email="ana@ana.example")
    contact = stub.partner("Cuentas por pagar", parent=ana, type="invoice", email="pagos@ana.example")
    stub.partner("Empleado", type="private")
    stub.tick(3600)
    luz = stub.partner("Luz S.A.")
    erp.sync()
    assert erp.current("res_partner", "invoice_email") == {
        str(ana): ("pagos@ana.example",), str(contact): (None,), str(luz): (None,)
    }  # fmt: skip
    stub.tick(3600)
    stub.save("res.partner", contact, email="cobranza@ana.example")
    assert counts(erp.sync()["res_partner"]) == (0, 2, 0, 0)
    assert erp.current("res_partner", "email", "invoice_email")[str(ana)] == ("ana@ana.example", "cobranza@ana.example")


def test_an_invoice_posted_again_has_its_new_instalments_alone(stub: Odoo, erp: Connected) -> None:
    ana = stub.partner("Ana S.A.")
    made = stub.invoice(ana, "100.00", [("2026-04-01", "60.00"), ("2026-05-01", "40.00")])
    paid = stub.payment(ana, "60.00", stub.line(made))
    erp.sync()
    erp.publish(AS_OF)
    stub.tick(3600)
    stub.repost(made, ("2026-04-15", "30.00"), ("2026-05-15", "70.00"))
    stub.reconcile(stub.line(made), stub.paying(paid))
    assert agrees(stub, erp)["PEN"] == {ana: Decimal("40.00")}
    items = "select due_date, open_amount from serve.fct_open_items where due_date is not null and open_amount <> 0"
    assert erp.rows(items) == [(dt.date(2026, 5, 15), Decimal(70))]
    # the sweep finds the old lines gone, which changes nothing
    erp.now += dt.timedelta(hours=24)
    assert counts(erp.sync()["account_move_line"]) == (0, 0, 2, 0)
    erp.publish(AS_OF)
    assert erp.rows(items) == [(dt.date(2026, 5, 15), Decimal(70))]


def test_an_entry_posted_again_has_its_new_lines_alone(stub: Odoo, erp: Connected) -> None:
    """Without a document nothing but its own date of change says so; no sweep is waited for."""
    luz = stub.partner("Luz S.A.")
    opening = stub.tables["account.move.line"][stub.entry(luz, "500.00", date_maturity="2026-01-31")]["move_id"]
    other = stub.entry(luz, "7.00")
    erp.sync()
    stub.tick(3600)
    stub.repost(opening, ("2026-02-28", "450.00"))
    assert counts(erp.sync()["account_move_line"]) == (1, 0, 1, 0)
    assert str(other) in erp.current("account_move_line")
    erp.publish(AS_OF)
    assert erp.open_balances() == {f"erp:{luz}": Decimal("457.00")}


def test_a_contact_that_moves_takes_its_address_with_it(stub: Odoo, erp: Connected) -> None:
    ana, luz = stub.partner("Ana S.A.", email="ana@ana.example"), stub.partner("Luz S.A.")
    contact = stub.partner("Cobros", parent=ana, type="invoice", email="pagos@ana.example")
    stub.invoice(ana, "10.00")
    erp.sync()
    stub.tick(3600)
    stub.save("res.partner", contact, parent_id=luz, commercial_partner_id=luz)
    erp.sync()
    erp.publish(AS_OF)
    emails = (
        "select customer_id, email from serve.dim_customers where recorded_to = '9999-12-31 00:00:00+00' order by name"
    )
    assert erp.rows(emails) == [(f"erp:{ana}", "ana@ana.example"), (f"erp:{luz}", "pagos@ana.example")]
    stub.tick(3600)
    stub.save("res.partner", luz, email="luz@luz.example")
    del stub.tables["res.partner"][contact]
    erp.now += dt.timedelta(hours=24)
    erp.sync()
    erp.publish(AS_OF)
    assert erp.rows(emails) == [(f"erp:{ana}", "ana@ana.example"), (f"erp:{luz}", "luz@luz.example")]
