"""The twelve ways in which a system changes its shape, and what comes of each: what is harmless goes on and is
told, the rest stops the source before anything is landed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from support.connected import Connected
from support.erpnext_stub import ErpNext

from cartera.errors import SourceError
from dashboards.i18n import Words, log

Change = Callable[[dict[str, Any]], object]
INVOICES = "Sales Invoice"

STOPS, LANDS = "stops", "lands"

DRIFTS: list[tuple[str, str, Change, str, str]] = [
    # kind, what happens, change of each record, outcome, what is said
    ("added", "a field", lambda r: r.update(dispute_reason="late"), LANDS, "new fields are landed in `other`"),
    ("removed", "a field that is needed", lambda r: r.pop("customer"), STOPS, "customer is (bad|gone)"),
    ("removed", "a field that was usually there", lambda r: r.pop("due_date"), STOPS, "due_date is gone from all 30"),
    ("renamed", "a field", lambda r: r.update(client=r.pop("customer")), STOPS, "new in the records: client"),
    ("retyped", "a date", lambda r: r.update(posting_date="the first of May"), STOPS, "is bad in 30 of 30 records"),
    ("retyped", "an amount", lambda r: r.update(grand_total="a lot"), STOPS, "is bad in 30 of 30 records"),
    ("retyped", "an amount", lambda r: r.update(grand_total=True), STOPS, "is bad in 30 of 30 records"),
    ("widened", "a number as text", lambda r: r.update(grand_total=str(r["grand_total"]), note="-"), LANDS,
     "grand_total comes as text where it came as number; read as before"),
    ("widened", "a date with its time", lambda r: r.update(due_date="2026-04-01 00:00:00"), LANDS, ""),
    ("nullability", "a field that may be empty", lambda r: r.update(customer_name=None), LANDS,
     "customer_name comes empty where it came as text"),
    ("nullability", "a field that is needed", lambda r: r.update(currency=None), STOPS, "currency is (empty|bad)"),
    ("enum value", "an unknown word", lambda r: r.update(docstatus=3), STOPS, "docstatus '3' is none of 0, 1, 2"),
    ("nesting", "an object", lambda r: r.update(currency={"code": "PEN"}), STOPS, "is bad in 30 of 30 records"),
    ("nesting", "a list", lambda r: r.update(customer=["ANA", "Ana S.A."]), STOPS, "is bad in 30 of 30 records"),
    ("encoding", "UTF-8 as Latin-1", lambda r: r.update(customer_name="Pe\u00c3\u00b1a"), STOPS, "is garbled"),
    ("encoding", "no text at all", lambda r: r.update(customer_name="a\0b"), STOPS, "is bad in 30 of 30 records"),
    ("precision", "more decimals", lambda r: r.update(grand_total=Decimal("10.123456789")), LANDS,
     "grand_total of 30 records was rounded to six decimals"),
    ("precision", "no decimals", lambda r: r.update(grand_total=Decimal(10)), STOPS, "lost its decimals"),
    ("sign", "debts as credit", lambda r: r.update(grand_total=-r["grand_total"]), STOPS, "unit or sign has changed"),
    ("unit", "cents", lambda r: r.update(grand_total=r["grand_total"] * 100), STOPS, "unit or sign has changed"),
    ("unit", "thousands", lambda r: r.update(grand_total=r["grand_total"] / 1000), STOPS, "unit or sign has changed"),
]  # fmt: skip

KINDS = {
    "added", "removed", "renamed", "retyped", "widened", "nullability", "enum value", "nesting", "encoding",
    "precision", "sign", "unit",
}  # fmt: skip


def test_all_twelve_kinds_are_here() -> None:
    assert {kind for kind, *_rest in DRIFTS} == KINDS and len(KINDS) == 12


@pytest.mark.parametrize(
    ("change", "outcome", "said"),
    [row[2:] for row in DRIFTS],
    ids=[f"{kind}: {what}: {outcome}" for kind, what, _change, outcome, _said in DRIFTS],
)
def test_drift(stub: ErpNext, erp: Connected, change: Change, outcome: str, said: str) -> None:
    erp.source.controls = "off"
    erp.sync()
    before = _state(erp)
    stub.tick()
    for name, record in stub.tables[INVOICES].items():
        change(record)
        stub.save(INVOICES, name)
    if outcome == STOPS:
        with pytest.raises(SourceError, match=said) as caught:
            erp.sync()
        assert "nothing was landed" in caught.value.problem and caught.value.mend
        assert log.guard(Words(), str(caught.value)).startswith("Guard: "), "Data health says what held it"
        assert _state(erp) == before
        return
    assert erp.sync()["sales_invoice"].rows_changed == 30
    assert any(said in note for note in erp.notes) or not said
    # what is told is told once
    stub.tick()
    for name in stub.tables[INVOICES]:
        stub.save(INVOICES, name, contact_email="again@example.com")
    erp.sync()
    assert not any(said in note for note in erp.notes if "rounded" not in said) or not said


def _state(erp: Connected) -> tuple[object, ...]:
    cursors = erp.rows("select source, entity, cursor from ops.cursors order by 1, 2")
    return cursors, erp.current("sales_invoice", "grand_total", "customer")


def test_an_added_field_is_in_other(stub: ErpNext, erp: Connected) -> None:
    stub.save(INVOICES, "I01", dispute_reason="late")
    erp.sync()
    ((reason,),) = erp.rows("select other ->> 'dispute_reason' from raw_erpnext.sales_invoice where record_key = 'I01'")
    assert reason == "late"


def test_one_broken_text_goes_to_quarantine_alone(stub: ErpNext, erp: Connected) -> None:
    stub.save(INVOICES, "I03", customer_name="a\0b")
    report = erp.sync()["sales_invoice"]
    assert (report.rows_loaded, report.rows_quarantined) == (29, 1)
    assert report.amounts["PEN"]["quarantined"] == Decimal("10.10")


def test_more_decimals_are_rounded_to_six(stub: ErpNext, erp: Connected) -> None:
    stub.save(INVOICES, "I01", grand_total=Decimal("10.123456789"))
    erp.sync()
    assert erp.current("sales_invoice", "grand_total")["I01"] == (Decimal("10.123457"),)
