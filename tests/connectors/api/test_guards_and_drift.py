"""What a system may change without harm, and what stops its source before anything is landed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from support.connected import Connected
from support.erpnext_stub import ErpNext

from cartera.errors import ShrunkDelivery, SourceError

Change = Callable[[dict[str, Any]], object]
INVOICES = "Sales Invoice"


def change_all(stub: ErpNext, change: Change, doctype: str = INVOICES) -> None:
    """Every record is saved anew with the change."""
    stub.tick()
    for name, record in stub.tables[doctype].items():
        change(record)
        stub.save(doctype, name)


def stops(erp: Connected, said: str) -> None:
    before = erp.rows("select source, entity, cursor from ops.cursors order by 1, 2")
    invoices = erp.current("sales_invoice", "grand_total")
    with pytest.raises(SourceError, match=said) as caught:
        erp.sync()
    assert "nothing was landed" in caught.value.problem and caught.value.mend
    assert erp.current("sales_invoice", "grand_total") == invoices
    assert erp.rows("select source, entity, cursor from ops.cursors order by 1, 2") == before


# twelve kinds of drift


def test_added_a_field_lands_and_is_told_once(stub: ErpNext, erp: Connected) -> None:
    erp.sync()
    change_all(stub, lambda record: record.update(dispute_reason="late"))
    erp.sync()
    assert erp.notes == ("sales_invoice: new fields are landed in `other`: dispute_reason",)
    ((reason,),) = erp.rows(
        "select other ->> 'dispute_reason' from raw_erpnext.sales_invoice where record_key = 'I01'"
        " and recorded_to = '9999-12-31 00:00:00+00'"
    )
    assert reason == "late"
    change_all(stub, lambda record: record.update(dispute_reason="early"))
    erp.sync()
    assert erp.notes == ()


def test_removed_a_required_field_stops(stub: ErpNext, erp: Connected) -> None:
    erp.sync()
    change_all(stub, lambda record: record.pop("customer"))
    stops(erp, "customer is (bad|gone)")


def test_removed_a_field_that_was_usually_there_stops(stub: ErpNext, erp: Connected) -> None:
    erp.sync()
    change_all(stub, lambda record: record.pop("due_date"))
    stops(erp, "due_date is gone from all 30 records")


def test_renamed_says_what_is_new_instead(stub: ErpNext, erp: Connected) -> None:
    erp.sync()
    change_all(stub, lambda record: record.update(client=record.pop("customer")))
    stops(erp, "new in the records: client")


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.update(posting_date="the first of May"),
        lambda record: record.update(grand_total="a lot"),
        lambda record: record.update(grand_total=True),
        lambda record: record.update(currency={"code": "PEN"}),
        lambda record: record.update(payment_schedule=[], customer=["ANA", "Ana S.A."]),
    ],
    ids=["date", "amount", "boolean", "object", "list"],
)
def test_retyped_and_nested_stop(stub: ErpNext, erp: Connected, change: Change) -> None:
    erp.sync()
    change_all(stub, change)
    stops(erp, "is bad in 30 of 30 records")


def test_widened_is_harmless(stub: ErpNext, erp: Connected) -> None:
    """A number as text, a longer text, a date with its time."""
    erp.sync()
    change_all(
        stub,
        lambda record: record.update(
            grand_total=str(record["grand_total"]), customer_name="x" * 5_000, due_date="2026-04-01 00:00:00"
        ),
    )
    assert erp.sync()["sales_invoice"].rows_changed == 30
    assert erp.current("sales_invoice", "grand_total")["I01"] == (Decimal("10.10"),)


def test_nullability_stops_where_the_field_is_needed(stub: ErpNext, erp: Connected) -> None:
    erp.sync()
    change_all(stub, lambda record: record.update(contact_email=None))
    erp.sync()
    change_all(stub, lambda record: record.update(currency=None))
    stops(erp, "currency is empty|currency is bad")


def test_an_unknown_word_of_a_list_stops(stub: ErpNext, erp: Connected) -> None:
    erp.sync()
    change_all(stub, lambda record: record.update(docstatus=3))
    stops(erp, "docstatus '3' is none of 0, 1, 2")


def test_broken_encoding_goes_to_quarantine_by_record(stub: ErpNext, erp: Connected) -> None:
    stub.save(INVOICES, "I03", customer_name="a\0b")
    report = erp.sync()["sales_invoice"]
    assert (report.rows_loaded, report.rows_quarantined) == (29, 1)
    assert report.amounts["PEN"]["quarantined"] == Decimal("10.10")


def test_more_decimals_are_rounded_to_six(stub: ErpNext, erp: Connected) -> None:
    erp.sync()
    change_all(stub, lambda record: record.update(grand_total=Decimal("10.123456789")))
    erp.sync()
    assert erp.current("sales_invoice", "grand_total")["I01"] == (Decimal("10.123457"),)


@pytest.mark.parametrize("factor", ["-1", "100", "0.01", "1000"])
def test_sign_and_unit_stop(stub: ErpNext, erp: Connected, factor: str) -> None:
    erp.sync()
    change_all(stub, lambda record: record.update(grand_total=record["grand_total"] * Decimal(factor)))
    stops(erp, "its unit or sign has changed")


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
