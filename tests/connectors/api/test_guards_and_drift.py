"""What stops a source before anything is landed, and what looks like it and is harmless.

Drift: test_twelve_drifts.py.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.connected import Connected
from support.erpnext_stub import ErpNext

from cartera.errors import ShrunkDelivery, SourceError
from dashboards.i18n import Words, log

INVOICES = "Sales Invoice"


def stops(erp: Connected, said: str) -> None:
    before = erp.rows("select source, entity, cursor from ops.cursors order by 1, 2")
    invoices = erp.current("sales_invoice", "grand_total")
    with pytest.raises(SourceError, match=said) as caught:
        erp.sync()
    assert "nothing was landed" in caught.value.problem and caught.value.mend
    assert log.guard(Words(), str(caught.value)).startswith("Guard: "), "Data health says what held it"
    assert erp.current("sales_invoice", "grand_total") == invoices
    assert erp.rows("select source, entity, cursor from ops.cursors order by 1, 2") == before


# guards


def test_no_rows_where_there_were_rows(stub: ErpNext, erp: Connected) -> None:
    erp.sync()
    stub.tables["Customer"].clear()
    with pytest.raises(ShrunkDelivery, match="customer: .*no record where there were 1"):
        erp.sync()


def test_too_many_gone(stub: ErpNext, erp: Connected) -> None:
    erp.sync()
    for number in range(10):
        stub.delete(INVOICES, f"I{number:02}")
    stops(erp, "10 of 30 records are gone from the system, more than 20%")
    erp.source.max_shrink_pct = Decimal(100)
    assert erp.sync()["sales_invoice"].rows_deleted == 10


def test_an_amount_that_falls(stub: ErpNext, erp: Connected) -> None:
    erp.sync()
    stub.tick()
    for number in range(25):
        stub.save(INVOICES, f"I{number:02}", grand_total=Decimal(number) / 100)
    stops(erp, "would fall from 303.00 to 53.50")


def test_credits_hide_no_fall_and_are_none(stub: ErpNext, erp: Connected) -> None:
    for number in range(20):
        stub.credit_note(f"C{number:02}", f"I{number:02}", "10.10", for_self=True)
    erp.sync()
    stub.tick()
    # more than half of what is left when credits are taken off
    stub.credit_note("C20", "I20", "60.00", for_self=True)
    assert erp.sync()["sales_invoice"].rows_new == 1
    stub.tick()
    for number in range(30):
        stub.save(INVOICES, f"I{number:02}", grand_total=Decimal("4.00") + Decimal(number) / 100)
    for number in range(20):
        stub.save(INVOICES, f"C{number:02}", grand_total=Decimal("-1.00") - Decimal(number) / 100)
    stops(erp, "would fall from 565.00 to 206.25")


def test_a_restored_backup(stub: ErpNext, erp: Connected) -> None:
    """Dates of change that go back, found because the record at the cursor is not there any more."""
    stub.invoice("LAST", "ANA", "1.00")
    erp.sync()
    stub.delete(INVOICES, "LAST")
    stub.tick(-7200)
    stub.save(INVOICES, "I05")
    stops(erp, "modified of 1 records went back, e.g. of 'I05'")
    erp.source.accept_older = True
    report = erp.sync()["sales_invoice"]
    assert (report.kind, report.rows_changed, report.rows_deleted) == ("full", 1, 1)


def test_an_hour_set_back_in_autumn_is_no_backup(stub: ErpNext, erp: Connected) -> None:
    erp.sync()
    stub.tick(-3600)
    stub.save(INVOICES, "I05", customer_name="renamed")
    assert erp.sync()["sales_invoice"].rows_changed == 1


def test_the_last_record_deleted_is_no_backup(stub: ErpNext, erp: Connected) -> None:
    stub.tick()
    stub.invoice("LAST", "ANA", "1.00")
    erp.source.overlap_minutes = 0
    erp.sync()
    stub.delete(INVOICES, "LAST")
    assert erp.sync()["sales_invoice"].rows_deleted == 1


def test_a_date_of_change_in_the_far_future_does_not_move_the_cursor(stub: ErpNext, erp: Connected) -> None:
    stub.save(INVOICES, "I05")["modified"] = "2099-01-01 00:00:00.000000"
    erp.sync()
    stub.tick()
    stub.invoice("NEW", "ANA", "7.00")
    assert erp.sync()["sales_invoice"].rows_new == 1


def test_records_that_were_never_delivered_make_it_read_everything(stub: ErpNext, erp: Connected) -> None:
    erp.sync()
    # one that is older than where we are, as a page that shifted would leave behind
    stub.invoice("OLD", "ANA", "5.00")["modified"] = "2025-01-01 00:00:00.000000"
    erp.sync()
    assert "1 records are in the system that were never read" in erp.notes[0]
    assert erp.sync()["sales_invoice"].kind == "full"
    assert "OLD" in erp.current("sales_invoice")


def test_another_company_id_reads_everything_again(stub: ErpNext, erp: Connected) -> None:
    erp.sync()
    erp.source.companies = {"Acme S.A.": "other"}
    assert erp.sync()["sales_invoice"].rows_changed == 30
