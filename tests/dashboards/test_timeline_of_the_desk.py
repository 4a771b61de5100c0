"""What the desk recorded and a run has landed since is told once in the timeline and its file, with who recorded it."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from support.customer_page import ID, items
from support.serve_fixture import AS_OF, KNOWN_AT, item, publish_items
from support.serve_promises import disputed, promised

from cartera import desk, outgoing
from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.desk import Actor
from dashboards.i18n import Words
from dashboards.queries import customer, worklist
from dashboards.queries.session import Clocks, reading

ME = Actor.local("ana")
CLOCKS = Clocks(AS_OF, KNOWN_AT)
LATE = ["1", "11", "12"]


def _id(number: int) -> str:
    return f"6f2f6ab0-0000-4000-8000-{number:012}"


@pytest.fixture
def landed(database: str) -> None:
    """A promise and a dispute of three invoices each, a plan of two parts of one; and one of each of another source."""
    late = AS_OF - dt.timedelta(days=45)
    publish_items([*items(), item("11", late, "100"), item("12", late, "100")])
    tomorrow = utc_now().date() + dt.timedelta(days=1)
    parts = [(tomorrow, Decimal(20)), (tomorrow + dt.timedelta(days=30), Decimal(20))]
    desk.promise(ME, _id(1), ID, "main", "PEN", Decimal(300), tomorrow, item_ids=LATE)
    desk.plan(ME, _id(2), ID, "main", "PEN", parts, item_ids=["2"])
    desk.dispute(ME, _id(3), ID, "main", "PEN", item_ids=LATE, reason="price")
    promised("files:P", ID, "7", made=-5, promised=-4, invoice_id="1")
    disputed("2", opened=-9, reason="theirs")
    _land()


def _land() -> None:
    """As the connector of the desk and its staging do."""
    about = "from ops.desk_{0}s cross join lateral unnest(invoice_ids{1}) as about (invoice_id{2})"
    id = "'desk:' || {0}_id || case when cardinality(invoice_ids) > 1 then ':' || invoice_id else '' end"
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("delete from marts_a.fct_promises where source = 'desk'")
        cursor.execute(
            "insert into marts_a.fct_promises (promise_id, customer_id, invoice_id, currency_code, promised_amount,"
            f" made_date, promised_date, source) select {id.format('promise')}, customer_id, invoice_id, currency_code,"
            f" amount, '{AS_OF}', promised_date, 'desk' " + about.format("promise", ", invoice_amounts", ", amount")
        )
        cursor.execute("delete from marts_a.fct_disputes where source = 'desk'")
        cursor.execute(
            "insert into marts_a.fct_disputes (dispute_id, invoice_id, reason, opened_date, source)"
            f" select {id.format('dispute')}, invoice_id, reason, '{AS_OF}', 'desk' " + about.format("dispute", "", "")
        )


def _timeline() -> list[dict[str, Any]]:
    words = Words("EN")
    with reading() as opened:
        facts = customer.ledger(opened, CLOCKS, ID)
        rows = customer.timeline(words, facts, customer.dossier(ID), worklist.file_of(ID), CLOCKS, is_now=True)
    text = customer.timeline_csv(words, rows, CLOCKS, "PEN").decode("utf-8-sig")
    told = [row["What"] for row in csv.DictReader(io.StringIO(text))]
    agreed = ("promise", "plan", "dispute", "source_promise", "source_dispute")
    found = [row for row in rows.to_dict("records") if row["kind"] in agreed]
    assert sorted(each for each in told if each in {customer.event(words, kind) for kind in agreed}) == sorted(
        customer.event(words, row["kind"]) for row in found
    ), "the file tells what the page does"
    return found  # type: ignore[return-value]


def _counted(rows: list[dict[str, Any]]) -> dict[str, int]:
    kinds = [row["kind"] for row in rows]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def test_what_was_recorded_here_is_told_once_with_who(landed: None) -> None:
    rows = _timeline()
    assert _counted(rows) == {"dispute": 1, "plan": 1, "promise": 1, "source_dispute": 1, "source_promise": 1}
    own = {row["kind"]: (row["amount"], row["by"]) for row in rows}
    assert own["promise"] == (Decimal(300), "ana") and own["plan"] == (Decimal(40), "ana")
    assert own["source_promise"] == (Decimal(7), None), "what another source told of stays"


def test_of_an_erased_customer_the_warehouse_tells_it(landed: None) -> None:
    assert len(_timeline()) == 5
    outgoing.erase_customer(ID, "privacy officer")
    rows = _timeline()
    assert _counted(rows) == {"source_dispute": 4, "source_promise": 6}, "each row that landed: 3 and 2 of the desk"
    assert sum(row["amount"] for row in rows if row["kind"] == "source_promise") == 300 + 40 + 7
