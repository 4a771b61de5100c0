"""What the reports that come with Cartera leave out, and what they don't."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.serve_fixture import AS_OF, item, publish_items
from support.serve_promises import disputed, promised

from cartera.reports import made
from cartera.reports.document import Document, Filter, Part
from cartera.reports.ready_made import READY


def test_a_promise_to_pay_nothing_is_no_promise_of_the_week(database: str) -> None:
    """Its KPI leaves it out as well: a source may keep one of an invoice that a credit note has covered since."""
    publish_items([item("1", AS_OF, "10")])
    promised("p0", "files:C-1", "0", made=-10, promised=-1)
    promised("p1", "files:C-1", "7.50", made=-10, promised=-1)
    part = next(each for each in READY["collectors_week"].parts if each.title == "ready.promised_last")
    (table,) = made.make_whole("week", Document(parts=(part,))).tables
    assert [row["promised_amount"] for row in table.rows] == [Decimal("7.50")]


@pytest.fixture
def contested(database: str) -> None:
    """Of 10, contested since day -20, a later dispute was resolved; 20 is contested twice; of 30 nothing any more."""
    publish_items([item("1", AS_OF, "10"), item("2", AS_OF, "20"), item("3", AS_OF, "30")])
    disputed("1", opened=-20, reason="price", dispute_id="still open")
    disputed("1", opened=-10, resolved=-5, reason="quality", dispute_id="resolved since")
    disputed("2", opened=-30, reason="price", dispute_id="first")
    disputed("2", opened=-15, reason="quality", resolved=4, dispute_id="second, and resolved after the day")
    disputed("3", opened=-8, resolved=-2, reason="price", dispute_id="over")


def test_what_is_open_stands_with_a_dispute_that_is_open(contested: None) -> None:
    part = next(each for each in READY["collectors_week"].parts if each.title == "ready.in_dispute")
    part = part.model_copy(update={"dimensions": (*part.dimensions, "dispute_id")})
    (table,) = made.make_whole("week", Document(parts=(part,))).tables
    assert {row["dispute_id"]: row["open_amount"] for row in table.rows} == {
        "still open": Decimal(10), "second, and resolved after the day": Decimal(20), "first": Decimal(0),
    }  # fmt: skip
    assert table.totals["PEN"]["open_amount"] == 30


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ((), "60"),
        ((Filter(column="is_open", among=("yes",)),), "30"),
        ((Filter(column="is_open", among=("no",)),), "30"),
        ((Filter(column="is_open", among=("yes", "no")),), "60"),
        ((Filter(column="reason", among=("price", "quality")),), "60"),
        ((Filter(column="invoice_id", among=("1",)),), "10"),
        ((Filter(column="opened_date", period="last_30_days"),), "60"),
    ],
)
def test_an_invoice_counts_once_however_often_it_was_contested(
    contested: None, filters: tuple[Filter, ...], expected: str
) -> None:
    part = Part(mart="disputes", dimensions=("dispute_id",), measures=("open_amount",), filters=filters)
    (table,) = made.make_whole("disputes", Document(parts=(part,))).tables
    assert table.totals["PEN"]["open_amount"] == Decimal(expected)
