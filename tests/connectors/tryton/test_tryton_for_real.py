"""Against the real Tryton: at each point the open balance of each party is Tryton's own `receivable`."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from support.connected import Connected, connected
from support.tryton_books import Books
from support.tryton_server import DATABASE, PASSWORD, USER, Rpc, tryton_server

from cartera.clock import utc_now
from cartera.connectors.api import systems
from cartera.connectors.api.secrets import access_from
from cartera.settings import get_settings

pytestmark = pytest.mark.timeout(900)

AS_OF = dt.date(2024, 12, 31)


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
    erp.sync()
    erp.publish(AS_OF)
    own = books.receivable()
    assert erp.open_balances() == {f"erp:{party}": amount for party, amount in own.items()}
    assert controls(erp) == {("Acme S.A.", "PEN"): sum(own.values())}


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
    books.rpc.do("party.party", "write", [ana], {"name": "Ana María"})
    agrees(books, erp)
    assert erp.current("party_party", "name")[str(ana)] == ("Ana María",)
    assert str(forgotten) in erp.current("account_invoice")
    print(erp.open_balances())
