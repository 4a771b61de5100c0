"""Against the real Tryton: at each point the open balance of each party is Tryton's own `receivable`."""

from __future__ import annotations

import datetime as dt
import os
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from support.connected import Connected, connected
from support.tryton_books import Books
from support.tryton_people import People
from support.tryton_server import DATABASE, PASSWORD, USER, Rpc, tryton_server

from cartera.clock import utc_now
from cartera.connectors.api import systems
from cartera.connectors.api.secrets import access_from
from cartera.errors import SourceError
from cartera.settings import get_settings

pytestmark = pytest.mark.timeout(900)

SEED = int(os.environ.get("CARTERA_TRYTON_SEED", "2"))
STEPS = int(os.environ.get("CARTERA_TRYTON_STEPS", "60"))
"""Other histories of random bookkeeping, and longer ones."""


@pytest.fixture(scope="module")
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.config.getoption("--without-tryton") and not os.environ.get("CI"):
        pytest.skip("--without-tryton")
    with tryton_server(tmp_path_factory.mktemp("tryton")) as url:
        yield url


@pytest.fixture
def books(url: str) -> Books:
    return Books(Rpc(url))


@pytest.fixture
def erp(url: str, database: str, tmp_path: Path) -> Iterator[Connected]:
    connection = {"url": url, "database": DATABASE, "user": USER}
    # no overlap: the cursor alone must find what changed
    more = {"companies": {"Acme S.A.": "acme"}, "company_id": "acme", "page_size": "7", "overlap_minutes": "0"}
    with connected(tmp_path, "tryton", connection, {"password": PASSWORD}, **more) as made:
        made.now = utc_now()
        yield made


def agrees(books: Books, erp: Connected) -> None:
    """Read, build, and compare with its own books: by party, by invoice, in all."""
    erp.sync()
    erp.publish(utc_now().date())
    own = books.receivable()
    assert erp.open_balances() == {f"erp:{party}": amount for party, amount in own.items()}
    assert open_invoices(erp, *own) == {f"erp:{one}": amount for one, amount in books.to_pay(*own).items()}
    assert controls(erp) == {("Acme S.A.", "PEN"): sum(own.values())}


def open_invoices(erp: Connected, *parties: int) -> dict[str, Decimal]:
    """What is open of the invoices of Tryton; lines without one are left out."""
    found = erp.rows(
        "select invoice_id, sum(open_amount) from serve.fct_open_items"
        " where item_type = 'instalment' and not starts_with(invoice_id, 'erp:line:') and customer_id = any(%s)"
        " group by 1 having sum(open_amount) > 0",
        [[f"erp:{party}" for party in parties]],
    )
    return dict(found)


def kinds(erp: Connected, invoice: int) -> dict[str, Decimal]:
    """What moved an invoice, in words of the ledger."""
    found = erp.rows(
        "select entry_type, sum(amount) from serve.fct_ledger_entries"
        " where invoice_id = %s and item_type = 'instalment' and recorded_to > '9999-01-01' group by 1",
        [f"erp:{invoice}"],
    )
    return dict(found)


def controls(erp: Connected) -> dict[tuple[str, str], Decimal]:
    system = systems.get("tryton")
    access = access_from(system, "erp", erp.source.connection, get_settings(), {}, 100)
    with system.open(access) as session:
        assert system.controls is not None
        return {(one.company, one.currency): one.amount for one in system.controls(session) if one.amount}


def test_the_open_balance_of_each_party_is_trytons_own_at_each_point(books: Books, erp: Connected) -> None:
    ana, luz, eva = books.party("Ana"), books.party("Luz"), books.party("Eva")
    whole = books.invoice(ana, "100.00")
    part = books.invoice(ana, "250.50", "Two instalments")
    over = books.invoice(luz, "80.00")
    credited = books.invoice(luz, "60.00")
    cancelled = books.invoice(eva, "33.33")
    refunded = books.invoice(eva, "44.44", "Two instalments")
    instalment = books.invoice(eva, "500.00", "Two instalments")
    forgotten = books.draft(eva, "9.99")
    books.pay(whole, "100.00")
    books.pay(part, "20.00")
    books.pay(over, "95.00", kind="overpayment")
    books.credit(refunded, with_refund=True)
    books.invoice(luz, "-15.00")
    mistake = books.receive(eva, "70.00")
    books.receive(ana, "5.00")
    agrees(books, erp)
    assert erp.open_balances() == {f"erp:{ana}": Decimal("225.50"), f"erp:{luz}": Decimal("30.00"),
                                   f"erp:{eva}": Decimal("463.33")}  # fmt: skip

    # un-paid, another payment on what was paid in part, an instalment paid by the bank, cancelled, deleted
    books.unreconcile(books.lines(whole)[0]["id"])
    books.pay(part, "130.30")
    books.statement(eva, instalment, "300.00", dt.date(2024, 4, 2))
    books.cancel(cancelled)
    books.cancel_move(books.move_of(mistake))
    books.rpc.do("account.invoice", "delete", [forgotten])
    books.pay(credited, "59.00", kind="writeoff")
    # money given back, and a mistake whose mistake is taken back by negative amounts
    back = books.receive(luz, "-15.00")
    books.reconcile(back, books.on_account(luz))
    books.cancel_move(books.move_of(books.receive(luz, "8.00")), reversal=False)
    books.rpc.do("party.party", "write", [ana], {"name": "Ana María"})
    agrees(books, erp)
    assert kinds(erp, credited) == {"invoiced": 60, "applied": -59, "written_off": -1}
    assert kinds(erp, cancelled) == {"invoiced": Decimal("33.33"), "credited": Decimal("-33.33")}
    assert kinds(erp, refunded) == {"invoiced": Decimal("44.44"), "credited": Decimal("-44.44")}
    assert kinds(erp, part) == {"invoiced": Decimal("250.50"), "applied": Decimal("-150.30")}
    assert erp.current("party_party", "name")[str(ana)] == ("Ana María",)
    # nothing newer, nothing landed; the deleted draft is found when all keys are compared
    assert {report.load_id for report in erp.sync().values()} == {None}
    assert str(forgotten) in erp.current("account_invoice")
    erp.now += dt.timedelta(hours=24)
    assert erp.sync()["account_invoice"].rows_deleted == 1
    assert str(forgotten) not in erp.current("account_invoice")


def test_whatever_people_do_there_the_balances_are_its_own(
    url: str, books: Books, erp: Connected, tmp_path: Path
) -> None:
    """Before the test of other currencies: a party's balance is asserted in the company's."""
    people = People(books, random.Random(SEED))
    for _step in range(STEPS):
        people.act()
    assert len(people.done) >= 10, "too little happened"
    agrees(books, erp)

    # the REST API gives all of it to the letter; with pages that name more ids than fit into an address
    key = "f3a1" * 32
    user = books.rpc.id("res.user", ["login", "=", USER])
    books.rpc.create("res.user.application", user=user, application="rest", key=key)
    connection = {"url": url, "database": DATABASE, "user": USER, "protocol": "rest"}
    more = {"companies": {"Acme S.A.": "acme"}, "company_id": "acme", "page_size": "100"}
    with connected(tmp_path, "tryton", connection, {"password": key}, name="rest", **more) as rest:
        rest.sync()
        for resource in systems.get("tryton").resources:
            columns = [column.name for column in resource.entity.columns]
            assert rest.current(resource.name, *columns) == erp.current(resource.name, *columns), resource.name
        # nothing newer, nothing landed; and a key that is withdrawn is told without it
        assert {report.load_id for report in rest.sync().values()} == {None}
        books.rpc.do("res.user.application", "cancel", [books.rpc.id("res.user.application", ["key", "=", key])])
        with pytest.raises(SourceError) as told:
            rest.sync()
        assert key not in str(told.value)


def test_other_currencies_plans_and_what_is_not_booked(books: Books, erp: Connected) -> None:
    eli, sol = books.party("Eli"), books.party("Sol")
    # booked at 4, paid at 5: the difference of exchange is no money
    books.pay(books.invoice(eli, "100.00", currency="USD"), "100.00", dt.date(2024, 7, 1))
    books.invoice(eli, "50.00", currency="USD")
    # soles for dollars: reconciled in soles
    mixed = books.invoice(eli, "10.00", "Two instalments", currency="USD")
    books.reconcile(*(line["id"] for line in books.lines(mixed)), books.receive(eli, "40.00"))
    waiting = books.receive(sol, "7.00", is_posted=False)
    planned = books.invoice(sol, "90.00")
    books.put_off(books.lines(planned)[0]["id"], (dt.date(2024, 9, 1), "30.00"), (dt.date(2024, 10, 1), "60.00"))
    last = next(line["id"] for line in books.lines(planned) if line["amount"] == 60)
    books.block(last)
    erp.sync()
    erp.publish(utc_now().date())
    # Tryton counts money that is not booked yet
    assert books.receivable()[sol] == 83 and books.receivable()[eli] == 200
    assert balances(erp, eli, sol) == {(f"erp:{eli}", "USD"): Decimal(50), (f"erp:{sol}", "PEN"): Decimal(90)}
    assert open_invoices(erp, eli, sol) == {f"erp:{one}": amount for one, amount in books.to_pay(eli, sol).items()}
    booked = "select distinct document_fx_rate from serve.fct_open_items where customer_id = %s"
    assert erp.rows(booked, [f"erp:{eli}"]) == [(4,)]
    plan = "select due_date, open_amount from serve.fct_open_items where customer_id = %s and is_disputed"
    assert dict(erp.rows(plan, [f"erp:{sol}"])) == {dt.date(2024, 9, 1): 30, dt.date(2024, 10, 1): 60}

    # posting changes the move and not its lines
    books.post_move(books.move_of(waiting))
    books.pay(planned, "30.00")
    books.block(last, is_blocked=False)
    erp.sync()
    erp.publish(utc_now().date())
    assert balances(erp, sol) == {(f"erp:{sol}", "PEN"): books.receivable()[sol]} == {(f"erp:{sol}", "PEN"): 53}
    assert erp.rows(plan, [f"erp:{sol}"]) == []
    open_lines = erp.rows(
        "select move_company_currency_code, currency, sum(amount) from raw_tryton.account_move_line"
        " where recorded_to = '9999-12-31 00:00:00+00' and reconciliation is null group by 1, 2"
    )
    assert controls(erp) == {("Acme S.A.", currency): amount for _company, currency, amount in open_lines}


def balances(erp: Connected, *parties: int) -> dict[tuple[str, str], Decimal]:
    found = erp.rows(
        "select customer_id, currency_code, sum(open_amount) from serve.fct_open_items where customer_id = any(%s)"
        " group by 1, 2 having sum(open_amount) <> 0",
        [[f"erp:{party}" for party in parties]],
    )
    return {(party, currency): amount for party, currency, amount in found}
