"""What a system's own books state ties with our ledger, or nothing is published and nobody is reminded."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from support.connected import Connected
from support.erpnext_stub import ErpNext
from typer.testing import CliRunner

from cartera import cli, pipeline
from cartera.connectors import erpnext
from cartera.connectors.api import Control
from cartera.connectors.api.http import Http
from cartera.db import Role, transaction
from cartera.errors import GateFailed
from cartera.warehouse import read, read_runs

AS_OF = dt.date(2026, 6, 30)


class Books:
    """ERPNext as a system that states its receivables: the stub's own, and what is booked beside its documents."""

    def __init__(self, stub: ErpNext) -> None:
        self.stub, self.beside, self.moves = stub, Decimal(0), Decimal(0)

    def controls(self, _http: Http) -> Iterator[Control]:
        self.beside += self.moves
        yield Control("Acme S.A.", "PEN", self.stub.outstanding("ANA") - Decimal(40) + self.beside)
        yield Control("Acme S.A.", "PEN", Decimal(40))


@pytest.fixture
def books(stub: ErpNext, monkeypatch: pytest.MonkeyPatch) -> Books:
    made = Books(stub)
    monkeypatch.setattr(erpnext, "SYSTEM", replace(erpnext.SYSTEM, controls=made.controls))
    return made


TOTALS = (
    "select company_id, currency_code, control_amount, tolerance_amount from raw_files.controls"
    " where source = 'erp' and recorded_to = '9999-12-31 00:00:00+00' and not is_deleted"
)


def test_it_lands_with_the_tables_and_only_when_it_changes(stub: ErpNext, erp: Connected, books: Books) -> None:
    erp.sync()
    assert erp.rows(TOTALS) == [("acme", "PEN", Decimal("303.00"), Decimal(0))]
    moments = "select count(distinct recorded_at), count(*) from ops.loads where source = 'erp'"
    loads = erp.rows(moments)
    assert loads[0][0] == 1
    erp.sync()
    assert erp.rows(moments) == loads
    stub.tick()
    stub.invoice("NEW", "ANA", "7.00")
    erp.sync()
    assert erp.rows(TOTALS) == [("acme", "PEN", Decimal("310.00"), Decimal(0))]
    assert erp.rows("select count(*) from raw_files.controls") == [(2,)]


def test_books_that_move_while_they_are_read_are_not_compared(erp: Connected, books: Books) -> None:
    erp.sync()
    books.moves = Decimal(1)
    erp.sync()
    assert erp.notes == ("the books moved while they were read; control totals not compared this time: acme PEN",)
    assert erp.rows(TOTALS) == [("acme", "PEN", None, Decimal(0))]
    books.moves, books.beside = Decimal(0), Decimal(0)
    erp.sync()
    assert erp.notes == () and erp.rows(TOTALS)[0][2] == Decimal("303.00")


def test_one_that_does_not_tie_stops_publication_and_freezes_its_source(
    stub: ErpNext, erp: Connected, books: Books
) -> None:
    assert pipeline.run(AS_OF).status == "published"
    before = _publication()
    stub.tick()
    stub.invoice("NEW", "ANA", "7.00")
    books.beside = Decimal("-2.50")
    with pytest.raises(GateFailed, match=r"state 307\.5.* but its records give 310\.0.*control_tolerance"):
        pipeline.run(AS_OF)
    assert _publication() == before
    ((stopped),) = _stopped()
    assert stopped["source"] == "erp" and "control_tolerance" in stopped["message"]
    assert erp.open_balances() == {"erp:ANA": Decimal("303.00")}
    # read well again, but it still does not tie: it stays stopped
    with pytest.raises(GateFailed):
        pipeline.run(AS_OF)
    assert [row["source"] for row in _stopped()] == ["erp"]

    # a difference that is known and right
    text = erp.source.path.read_text()
    erp.source.path.write_text(text.replace('"page_size"', '"control_tolerance": "2.50", "page_size"'))
    assert pipeline.run(AS_OF).status == "published"
    assert _stopped() == [] and erp.open_balances() == {"erp:ANA": Decimal("310.00")}
    shown = CliRunner().invoke(cli.commands(), ["tie-out", "--format", "json"], catch_exceptions=False)
    assert shown.exit_code == 0
    assert json.loads(shown.stdout)["control_totals"] == [
        {"source": "erp", "company_id": "acme", "currency_code": "PEN", "control_amount": "307.50",
         "ledger_amount": "310.00", "difference_amount": "2.50", "tolerance_amount": "2.50", "is_tied": True}
    ]  # fmt: skip
    shown = CliRunner().invoke(cli.commands(), ["tie-out"], catch_exceptions=False)
    assert "what the books of the sources state" in shown.stdout and "307.50" in shown.stdout


def test_one_that_is_switched_off_is_not_compared(erp: Connected, books: Books) -> None:
    erp.sync()
    erp.source.controls = "off"
    erp.sync()
    assert erp.notes == () and erp.rows(TOTALS) == [("acme", "PEN", None, Decimal(0))]


def _publication() -> int:
    with transaction(Role.reader) as connection:
        return read.publication(connection).publication_id


def _stopped() -> list[dict[str, object]]:
    with transaction(Role.reader) as connection:
        return read_runs.stopped_sources(connection)
