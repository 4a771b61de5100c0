"""The page of promises and disputes: judged as the KPI judges, counts that lead to their rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
import uuid
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.campaign_fixture import reachable
from support.pages import OpenPage, said
from support.serve_fixture import AS_OF, KNOWN_AT, item, publish_items, sample_items
from support.serve_promises import applied, disputed, promised
from support.signed_in import require_sign_in, sign_in_as

from cartera import desk, users, viewed
from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.desk import Actor
from cartera.desk import day as desk_day
from cartera.errors import Conflict, NotAllowed
from cartera.reports import build
from cartera.reports.document import Part
from cartera.settings import get_settings
from cartera.warehouse import disputes as disputed_reads
from cartera.warehouse import promises as promised_reads
from dashboards.components.states import Refusal
from dashboards.i18n import Words
from dashboards.queries import desk as queries
from dashboards.queries import promises
from dashboards.queries.session import reading

ASKED = promised_reads.Asked(AS_OF, KNOWN_AT, 90, "PEN")
C1, C2 = "files:C-1", "files:C-2"


def _table(app: AppTest, column: str) -> Any:
    return next(frame.value for frame in app.dataframe if column in frame.value)


@pytest.fixture
def published(database: str) -> None:
    """Two customers with an invoice each; one promise in every state, and one at each edge."""
    publish_items(
        [
            item("1", AS_OF, "500", customer_id=C1),
            item("2", AS_OF, "500", customer_id=C2, customer_name="Otra SAC", is_disputed=True),
            item("3", AS_OF, "70", customer_id=C2, customer_name="Otra SAC", currency_code="USD"),
        ]
    )
    reachable()
    promised("today", C1, "100", made=-5, promised=0, invoice_id="1")
    promised("tomorrow", C1, "200", made=-5, promised=1)
    promised("in grace", C2, "100", made=-9, promised=-2, invoice_id="2")
    promised("judged today", C2, "100", made=-9, promised=-3, invoice_id="2")
    promised("kept on the last day", C1, "60", made=-30, promised=-20, invoice_id="1")
    promised("a cent short", C1, "60.01", made=-30, promised=-20, invoice_id="1")
    promised("too old", C1, "1", made=-200, promised=-150)
    promised("in dollars", C2, "30", made=-1, promised=5, currency_code="USD")
    applied(C1, "1", "60", on=-17)
    applied(C1, "1", "5", on=-31)
    applied(C1, "1", "9", on=-16)


def _states() -> dict[str, str]:
    with transaction(Role.reader) as connection:
        return {row["promise_id"]: row["state"] for row in promised_reads.promises(connection, ASKED, limit=99)}


def test_each_promise_is_judged_at_its_edges(published: None) -> None:
    assert _states() == {
        "today": "due_today", "tomorrow": "open", "in grace": "in_grace", "judged today": "broken",
        "kept on the last day": "kept", "a cent short": "broken",
    }  # fmt: skip
    with transaction(Role.reader) as connection:
        rows = {row["promise_id"]: row for row in promised_reads.promises(connection, ASKED, limit=99)}
    short = rows["a cent short"]
    assert (short["kept_amount"], short["later_amount"]) == (Decimal(60), Decimal("0.01"))
    # nobody is promised the money twice over: what any invoice got counts for a promise of all
    assert rows["tomorrow"]["kept_amount"] == 0


def test_paid_before_its_day_a_promise_is_kept(published: None) -> None:
    applied(C1, "1", "200", on=-1)
    states = _states()
    assert states["tomorrow"] == "kept" and states["today"] == "kept"


def test_totals_add_up_by_state_collector_and_customer(published: None) -> None:
    with transaction(Role.reader) as connection:
        totals = promised_reads.totals(connection, ASKED)
        assert sum(row["promises"] for row in totals) == 6
        assert sum(row["judged"] for row in totals) == 3 and sum(row["kept_judged"] for row in totals) == 1
        for by in ("collector", "customer"):
            found = promised_reads.grouped(connection, ASKED, by, limit=99)  # type: ignore[arg-type]
            for state in promised_reads.STATES:
                count = sum(row["promises"] for row in totals if row["state"] == state)
                assert sum(row[state] for row in found) == count
                for row in found:
                    listed = promised_reads.promises(
                        connection,
                        ASKED,
                        state=state,
                        collector=row["key"] if by == "collector" else None,
                        customer_id=row["key"] if by == "customer" else None,
                        limit=99,
                    )
                    assert len(listed) == row[state]
        weeks = promised_reads.by_week(connection, ASKED)
    assert sum(row["promises"] for row in weeks) == 6 and all(row["week"].weekday() == 0 for row in weeks)


def test_the_page_begins_with_what_is_due_today(open_page: OpenPage, published: None) -> None:
    app = open_page("promises")
    assert not app.error and not app.exception
    assert [metric.value for metric in app.metric] == ["100.00", "100.00", "160.01", "200.00", "33.3%"]
    assert list(_table(app, "promised_amount")["promised_amount"]) == [Decimal(100)]
    assert "1 promise of **PEN 100\\.00**: the count above" in said(app).replace("\xa0", " ")
    app = open_page("promises", promise_state="broken")
    assert len(_table(app, "promised_amount")) == 2
    app = open_page("promises", promise_state="broken", promised_by=f"={C1}", promised_to="customer")
    assert list(_table(app, "promised_amount")["promised_amount"]) == [Decimal("60.01")]
    assert "the count above" in said(app)


def test_another_currency_is_another_page(open_page: OpenPage, published: None) -> None:
    app = open_page("promises")
    app.session_state["currency"] = "USD"
    app = app.run()
    assert app.metric[3].value == "30.00" and app.metric[4].value == "—"


def test_disputes_add_up_to_the_disputed_part_of_what_is_open(open_page: OpenPage) -> None:
    items = sample_items()
    publish_items(items)
    of_pen = [i for i in items if i.currency_code == "PEN" and i.is_disputed and i.item_type == "instalment"]
    disputed(of_pen[0].item_id, opened=-7, reason="precio")
    disputed(of_pen[0].item_id, opened=-3, reason="another", dispute_id="second")
    disputed(of_pen[1].item_id, opened=-8, reason="  ")
    disputed(of_pen[2].item_id, opened=-40, reason="calidad", resolved=0)
    asked = disputed_reads.Asked(AS_OF, KNOWN_AT, "PEN")
    with transaction(Role.reader) as connection:
        found = disputed_reads.by_reason(connection, asked)
        assert {(row["reason"], row["age"]) for row in found} == {("precio", "0-7"), (None, "8-30"), (None, "unknown")}
        assert sum(row["open_amount"] for row in found) == sum(i.item_amount for i in of_pen)
        for row in found:
            listed = disputed_reads.disputes(
                connection, asked, reason=row["reason"] or "", age=row["age"], limit=99
            )  # fmt: skip
            assert sum(each["open_amount"] for each in listed) == row["open_amount"]
            assert len(listed) == row["invoices"]
    app = open_page("promises")
    assert not app.error and not app.exception
    assert "the disputed part of what is open" in said(app) and "No promise in PEN" in said(app)
    assert len(_table(app, "reason_name")) == len(of_pen)


def test_disputes_that_do_not_add_up_are_not_believed(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    publish_items([item("1", AS_OF, "10", is_disputed=True)])
    real = disputed_reads.by_reason
    monkeypatch.setattr(disputed_reads, "by_reason", lambda *asked: [
        row | {"open_amount": row["open_amount"] + 1} for row in real(*asked)
    ])  # fmt: skip
    assert "Do not use either" in open_page("promises").error[0].value


def test_exports_have_every_row_and_their_sums(published: None) -> None:
    *rows, total = _csv(promises.promises_csv(Words("EN"), ASKED, None, None, None))
    assert len(rows) == 6 and Decimal(total["Promised"]) == Decimal("620.01")
    assert {row["Currency"] for row in rows} == {"PEN"}
    *rows, total = _csv(promises.disputes_csv(Words("PT"), promises.Disputed(AS_OF, KNOWN_AT, "PEN"), None, None))
    assert Decimal(total["Saldo"]) == sum(Decimal(row["Saldo"]) for row in rows) == 500


def _csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_where_only_promises_are_left_their_currency_is_offered(open_page: OpenPage) -> None:
    publish_items([item("1", AS_OF, "500", customer_id=C1)])
    promised("euro", C1, "9", made=-1, promised=2, currency_code="EUR")
    app = open_page("promises")
    app.session_state["currency"] = "EUR"
    app = app.run()
    assert app.metric[3].value == "9.00" and "Nothing that is open is disputed" in said(app)


def test_a_failing_query_shows_no_figure(
    open_page: OpenPage, published: None, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr("cartera.warehouse.promises.grouped", lambda *_, **__: 1 / 0)
    app = open_page("promises")
    assert "could not be read" in app.error[0].value and not app.exception


def test_a_link_that_asks_for_strangers_gets_the_default(open_page: OpenPage, published: None) -> None:
    app = open_page("promises", promise_state="moon", promised_by="=moon", promised_to="moon", judged_in="moon")
    assert not app.error and not app.exception and len(_table(app, "promised_amount")) == 1


LOCAL = Actor.local("ana")


def _record(**given: Any) -> desk.Promise:
    day = utc_now().date() + dt.timedelta(days=3)
    return desk.promise(LOCAL, str(uuid.uuid4()), C1, "main", "PEN", Decimal("12.5"), day, **given)


def test_what_was_recorded_since_is_shown_and_marked(open_page: OpenPage, published: None) -> None:
    assert "Recorded since the last publication" not in said(open_page("promises"))
    _record(note="=1+1")
    desk.dispute(LOCAL, str(uuid.uuid4()), C1, "main", "PEN", item_ids=["1"], reason="precio")
    app = open_page("promises")
    assert not app.error and not app.exception
    assert "the figures on this page do not have it" in said(app)
    assert list(_table(app, "acted_by")["what"]) == ["dispute", "promise"]
    assert [text.replace("\xa0", " ") for text in _table(app, "acted_by")["amount_text"]] == ["the whole", "PEN 12.50"]
    assert list(_table(app, "note")["note"]) == ["'=1+1"]
    # the figures stay those of the publication
    assert len(_table(app, "promised_amount")) == 1


def test_a_promise_is_withdrawn_once_and_a_dispute_closed(published: None) -> None:
    _record()
    desk.dispute(LOCAL, str(uuid.uuid4()), C1, "main", "PEN", reason="precio")
    with reading() as opened:
        promised_row = queries.promises_to_come(opened, LOCAL).iloc[0].to_dict()
        disputed_row = queries.open_disputes(opened, LOCAL).iloc[0].to_dict()
    form = str(uuid.uuid4())
    for _ in range(2):
        queries.cancel_promise(LOCAL, form, promised_row, "by phone")
    queries.close_dispute(LOCAL, str(uuid.uuid4()), disputed_row, "credited")
    with reading() as opened:
        assert queries.promises_to_come(opened, LOCAL).empty and queries.open_disputes(opened, LOCAL).empty
        assert list(queries.since(opened, LOCAL)["kind"]) == ["close_dispute", "cancel_promise", "dispute", "promise"]
    with pytest.raises(Conflict) as conflict:
        queries.cancel_promise(Actor.local("eva"), str(uuid.uuid4()), promised_row, "")
    assert [each.kind for each in conflict.value.theirs] == ["cancel_promise"]
    with pytest.raises(NotAllowed):
        queries.close_dispute(Actor("joe", "analyst"), str(uuid.uuid4()), disputed_row, "no")


def test_why_a_promise_is_withdrawn_is_kept_while_it_is_typed(open_page: OpenPage, published: None) -> None:
    promise = _record()

    def chosen() -> AppTest:
        app = open_page("promises")
        made = next(frame for frame in app.dataframe if {"made_date", "note"} <= set(frame.value))
        app.session_state[made.proto.id.split("-", 2)[2]] = {
            "selection": {"rows": [], "columns": [], "cells": [(0, "note")]}
        }
        return app.run()

    chosen().text_input(key=f"words_{promise.promise_id}/1").set_value("by phone").run()
    app = chosen()
    assert app.text_input(key=f"words_{promise.promise_id}/1").value == "by phone", "a reload keeps it"
    app = app.button(key=f"end_{promise.promise_id}/1").click().run()
    assert not app.exception and "withdrawn" in said(app) + "".join(each.value for each in app.success)
    (ended,) = desk_day.customer_file(C1).promises
    assert ended.is_cancelled and ended.note == "by phone"


def test_who_was_overtaken_is_told_by_whom(open_page: OpenPage, published: None) -> None:
    promise = _record()
    desk.cancel_promise(LOCAL, str(uuid.uuid4()), C1, promise.promise_id, seen=promise.version)
    app = open_page("promises")
    with pytest.raises(Conflict) as conflict:
        desk.cancel_promise(LOCAL, str(uuid.uuid4()), C1, promise.promise_id, seen=promise.version)
    app.session_state["click_answers"] = {"desk_answer": Refusal(conflict.value, None)}
    app = app.run()
    assert "Nothing was changed" in app.warning[0].value and "promise withdrawn, by ana" in app.warning[0].value
    assert not app.run().warning


def _click(app: AppTest, *columns: str) -> AppTest:
    """The first row of the table that has the columns is clicked."""
    [frame] = [each for each in app.dataframe if {*columns} <= {*each.value}]
    key = frame.proto.id.split("-", 2)[2]
    app.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": [(0, "customer_name")]}}
    app = app.run()
    assert not app.exception, app.exception
    return app


def _ways(app: AppTest) -> set[tuple[str, str, str]]:
    """Where links of the page itself lead: page, what they ask for, label."""
    links = [each.proto for each in app.get("page_link")]
    return {(link.page, link.query_string, link.label) for link in links}


def test_whom_it_is_of_stands_by_name_and_leads_on(open_page: OpenPage, published: None) -> None:
    _record(note="by phone")
    desk.dispute(Actor.local("eva"), str(uuid.uuid4()), C2, "main", "PEN", reason="precio")
    app = open_page("promises")
    [promised_to_come, contested] = [each.value for each in app.dataframe if "note" in each.value]
    assert list(promised_to_come["customer_name"]) == ["Comercial Andina SAC"]
    assert list(promised_to_come["acted_by"]) == ["ana"]
    assert list(contested["customer_name"]) == ["Otra SAC"] and list(contested["acted_by"]) == ["eva"]
    assert list(_table(app, "acted_at")["customer_name"]) == ["Otra SAC", "Comercial Andina SAC"]
    assert ("worklist", "", "A plan is changed on the worklist") in _ways(app)
    for columns, customer_id, name in (
        (("acted_at",), C2, "Otra SAC"),
        (("acted_by", "promised_date"), C1, "Comercial Andina SAC"),
        (("acted_by", "opened_date"), C2, "Otra SAC"),
    ):
        ways = _ways(_click(open_page("promises"), *columns))
        asked = f"customer={customer_id.replace(':', '%3A')}"
        assert ("customer", asked, f"Open the page of {name}") in ways, columns
        assert ("worklist", asked, f"Open {name} on the worklist") in ways, columns


def test_a_row_that_is_clicked_is_of_its_day(open_page: OpenPage, published: None) -> None:
    columns = ("promised_amount", "made_date")
    app = _click(open_page("promises", promise_state="broken"), *columns)
    assert [page for page, _, _ in _ways(app)].count("customer") == 1
    app.date_input(key="as_of").set_value(AS_OF - dt.timedelta(days=1)).run()
    assert not app.exception and any({*columns} <= {*each.value} for each in app.dataframe)
    assert "customer" not in [page for page, _, _ in _ways(app)], "another day has other rows in its place"


def test_who_has_no_worklist_is_not_sent_there(
    open_page: OpenPage, published: None, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    _record()
    users.add("joe@example.com", "analyst", (), "test")
    require_sign_in(monkeypatch)
    sign_in_as(monkeypatch, "joe@example.com")
    pages = {page for page, _, _ in _ways(_click(open_page("promises"), "acted_by", "promised_date"))}
    assert "customer" in pages and "worklist" not in pages
    monkeypatch.undo()
    get_settings.cache_clear()


def test_scope_of_companies_holds_for_what_was_recorded(published: None) -> None:
    _record()
    with reading() as opened:
        assert queries.since(opened, Actor("max", "manager", frozenset({"norte"}))).empty
        assert len(queries.since(opened, Actor("max", "manager", frozenset({"main"})))) == 1


def test_a_promise_is_one_to_whom_its_invoice_is_owed_here_and_in_a_report(database: str) -> None:
    publish_items([item("1", AS_OF, "100"), item("2", AS_OF, "100", company_id="norte")])
    promised("of the invoice", C1, "7", made=-5, promised=-4, invoice_id="2")
    promised("of none", C1, "5", made=-5, promised=-4)
    part = Part(mart="promises", dimensions=("company_id",), measures=("promised_amount",))
    with reading() as opened:
        page = promised_reads.totals(opened.connection, ASKED)
        report = build.table(opened.connection, part, build.Clocks(AS_OF, KNOWN_AT), 9)
    expected = {"main": 5, "norte": 7}
    assert {row["company_id"]: row["promised_amount"] for row in page} == expected
    assert {row["company_id"]: row["promised_amount"] for row in report.rows} == expected


def test_a_look_at_the_promises_of_one_customer_is_written_down(published: None, open_page: OpenPage) -> None:
    app = open_page("promises", currency="PEN", promised_to="customer")
    assert not app.exception and viewed.listed() == [], "a list is no look at one"
    app = app.selectbox(key="promised_by_EN").set_value(f"={C1}").run()
    assert not app.exception and [(row["kind"], row["subject"]) for row in viewed.listed()] == [("customer", C1)]
    open_page("promises", currency="PEN", promised_by="=")
    assert len(viewed.listed()) == 1, "a collector is no customer"
