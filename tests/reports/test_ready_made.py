"""What the reports that come with Cartera leave out."""

from __future__ import annotations

from decimal import Decimal

from support.serve_fixture import AS_OF, item, publish_items
from support.serve_promises import promised

from cartera.reports import made
from cartera.reports.document import Document
from cartera.reports.ready_made import READY


def test_a_promise_to_pay_nothing_is_no_promise_of_the_week(database: str) -> None:
    """Its KPI leaves it out as well: a source may keep one of an invoice that a credit note has covered since."""
    publish_items([item("1", AS_OF, "10")])
    promised("p0", "files:C-1", "0", made=-10, promised=-1)
    promised("p1", "files:C-1", "7.50", made=-10, promised=-1)
    part = next(each for each in READY["collectors_week"].parts if each.title == "ready.promised_last")
    (table,) = made.make_whole("week", Document(parts=(part,))).tables
    assert [row["promised_amount"] for row in table.rows] == [Decimal("7.50")]
