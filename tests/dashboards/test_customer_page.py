"""The page of one customer: figures that add up, everything that happened, contacts, statements; what is not there."""

from __future__ import annotations

import csv
import datetime as dt
import email
import email.policy
import io
import zipfile
from decimal import Decimal

import pandas as pd
import pytest
import yaml
from python_calamine import load_workbook
from streamlit.testing.v1 import AppTest
from support import campaign_fixture, serve_customers
from support.customer_page import ID, items, table_of
from support.kpi_page import plainly
from support.pages import OpenPage, said
from support.serve_fixture import AS_OF, KNOWN_AT, item, publish_items, sample_items

from cartera import desk
from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.desk import Actor
from cartera.errors import NotAllowed
from cartera.reminders import approve_reminders, pdf, plan_reminders, send_reminders
from cartera.reminders.channels.caught import CaughtChannel
from cartera.settings import get_settings
from dashboards.components import customer_parts
from dashboards.i18n import Words, rules
from dashboards.queries import customer, worklist
from dashboards.queries.session import Clocks, acting, reading

CLOCKS, ME = Clocks(AS_OF, KNOWN_AT), Actor.local("ana")
TOMORROW = utc_now().date() + dt.timedelta(days=1)


def test_balances_and_timeline_add_up_by_currency(open_page: OpenPage) -> None:
    publish_items(items())
    app = open_page("customer", customer=ID)
    assert not app.exception and not app.error, said(app)
    shown = table_of(app, "unapplied_amount")
    pen = shown[shown["currency_code"] == "PEN"].iloc[0]
    assert (pen["open_amount"], pen["overdue_amount"], pen["balance"]) == (
        Decimal("1250.5"), Decimal("1000"), Decimal("1210.5"),
    )  # fmt: skip
    ages = table_of(app, "not_due")
    by_age = ages[ages["currency_code"] == "PEN"].iloc[0]
    assert sum(by_age[bucket] for bucket in ("not_due", "31-60")) == pen["open_amount"]
    assert "add up to" in said(app) and "1,210" in said(app).replace("\\", "")
    events = table_of(app, "effect_amount")
    assert sum(events["effect_amount"].dropna(), Decimal(0)) == pen["balance"]
    app = app.segmented_control(key="events_EN").set_value("messages").run()
    assert "Nothing of this kind happened: Messages and calls." in said(app) and not app.exception
    assert {"Invoice", "Payment", "Payment applied", "Instalment due"} <= set(events["what"])


# what stands in PEN, and the documents that it is made of; a dash leads nowhere
OWED = {
    "balance": ("1310.50", ["F001-1", "F001-4", "F001-6", "F001-2"]),
    "open_amount": ("1350.50", ["F001-1", "F001-4", "F001-2"]),
    "overdue_amount": ("1100.00", ["F001-1", "F001-4"]),
    "unapplied_amount": ("-40.00", ["F001-6"]),
    "disputed_amount": ("100.00", ["F001-4"]),
    "promised_amount": ("250.50", ["F001-2"]),
    "31-60": ("1100.00", ["F001-1", "F001-4"]),
    "61-90": ("0", None),
    "currency_code": ("0", None),
}


@pytest.mark.parametrize(("language", "sums"), [("EN", "the figure chosen"), ("ES", "la cifra elegida")])
def test_every_amount_of_what_it_owes_leads_to_what_adds_up_to_it(
    open_page: OpenPage, language: str, sums: str
) -> None:
    disputed = item("4", AS_OF - dt.timedelta(days=40), "100", is_disputed=True)
    publish_items([*(each for each in items() if each.item_id != "4"), disputed])
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        # item 1 is promised too, for a day that is gone
        cursor.execute(
            "update marts_a.fct_open_items set promised_date = %s + case item_id when '1' then -1 else 1 end"
            " where item_id in ('1', '2')",
            (AS_OF,),
        )
    app = open_page("customer", customer=ID, lang=language)
    for column, (amount, documents) in OWED.items():
        table = next(each for each in app.dataframe if {column, "company_id", "currency_code"} <= set(each.value))
        row = list(table.value["currency_code"]).index("PEN")
        key = table.proto.id.split("-", 2)[2]
        app.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": [(row, column)]}}
        app.run()
        assert not app.exception and not app.error, said(app)
        listed = [each.value for each in app.dataframe if "item_amount" in each.value]
        assert (sums in said(app)) == bool(documents) == bool(listed), column
        if documents:
            assert list(listed[0]["document_number"]) == documents, column
            assert sum(listed[0]["open_amount"]) == Decimal(amount), column
            assert Words(language).money(Decimal(amount), "PEN").replace("\xa0", " ") in plainly(app), column


def test_every_pair_of_clocks_has_a_ledger_that_adds_up(database: str) -> None:
    publish_items(sample_items())
    with reading() as opened:
        for day in (AS_OF, AS_OF - dt.timedelta(days=40)):
            clocks = Clocks(day, KNOWN_AT)
            for number in range(12):
                id = f"files:C-{number:03}"
                owed = customer.balances(opened, clocks, id)
                facts = customer.ledger(opened, clocks, id)
                for row in owed.to_dict("records"):
                    mine = (facts["currency_code"] == row["currency_code"]) & (facts["company_id"] == row["company_id"])
                    at = facts[mine & facts["effect_amount"].notna()]
                    assert sum(at["effect_amount"]) == row["open_amount"] + row["unapplied_amount"], (id, day)


def test_how_it_pays_is_said(open_page: OpenPage) -> None:
    publish_items(items())
    app = open_page("customer", customer=ID)
    figures = {metric.label: metric.value for metric in app.metric}
    # 300 came 20 days late, 100 came 10 days early
    assert figures["Days late, by amount"] == "12.5" and figures["Share paid late"] == "75.0%"
    assert figures["Trend, days"] == "—" and figures["Instalments paid late"] == "1"


def test_the_timeline_has_what_was_recorded_and_both_clocks(open_page: OpenPage) -> None:
    publish_items(items())
    serve_customers.promise(ID, AS_OF, made_date=AS_OF - dt.timedelta(days=9), known_at=KNOWN_AT)
    reason = "Reclamo 0012-45-99 of 2026-06-01"
    opened, resolved = AS_OF - dt.timedelta(days=8), AS_OF - dt.timedelta(days=5)
    serve_customers.dispute("1", opened, known_at=KNOWN_AT, reason=reason, resolved_date=resolved)
    desk.note(ME, "6f2f6ab0-0000-4000-8000-000000000001", ID, "=HYPERLINK() call after noon")
    desk.record_call(
        ME, "6f2f6ab0-0000-4000-8000-000000000003", ID, outcome="message_left", is_right_party=False, note="after noon"
    )
    desk.hold(ME, "6f2f6ab0-0000-4000-8000-000000000002", ID, "other", note="on holiday")
    parts = [(dt.date(2031, 1, day), Decimal("40.50")) for day in (3, 9)]
    desk.plan(ME, "6f2f6ab0-0000-4000-8000-000000000004", ID, "main", "PEN", parts, seen=1)
    app = open_page("customer", customer=ID)
    events = table_of(app, "effect_amount").set_index("what")
    planned = "3 Jan 2031 PEN\u00a040.50; 9 Jan 2031 PEN\u00a040.50"
    assert events.loc["Payment plan", "detail"] == planned and events.loc["Payment plan", "amount"] == Decimal(81)
    assert events.loc["Note", "detail"].lstrip("'") == "=HYPERLINK() call after noon"
    assert events.loc["Note", "detail"].startswith("'"), "harmless in a spreadsheet"
    assert events.loc["Call", "detail"] == "left a message · after noon"
    assert "on holiday" in events.loc["Hold", "detail"] and events.loc["Hold", "by"] == "ana"
    held = table_of(open_page("customer", customer=ID, part="contacts"), "held_by")
    assert list(held["reason"]) == ["other · on holiday"]
    assert events.loc["Dispute (source)", "detail"] == f"F001-1 · {reason} · 25 Jun 2026", "a reason as it was written"
    assert events.loc["Promise (source)", "recorded_at"] == KNOWN_AT
    past = open_page("customer", customer=ID, as_of=str(AS_OF - dt.timedelta(days=8)), known_at="2026-06-30")
    for page, is_now in ((app, True), (past, False)):
        told = said(page).replace("\xa0", " ").replace("\\", "")
        assert ("plan: 3 Jan 2031 PEN 40.50" in told) == ("HYPERLINK" in told) == ("Agreed" in told) == is_now
    kinds = set(table_of(past, "effect_amount")["what"])
    assert "Note" not in kinds and "Dispute (source)" in kinds, "past clocks know nothing of later things"


def test_a_message_is_read_as_it_went_out(open_page: OpenPage) -> None:
    publish_items(items())
    campaign_fixture.reachable()
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update marts_a.dim_customers set name = '<b>A</b> [x](http://evil)' where customer_id = %s", (ID,)
        )
    plan_reminders()
    approve_reminders(approved_by="test")
    taken: list[bytes] = []
    channel = CaughtChannel("email", lambda _from, _to, content: taken.append(content), lambda _: False)
    assert send_reminders({"email": channel}).sent == 2
    mails = [email.message_from_bytes(each, policy=email.policy.default) for each in taken]
    ours, other = sorted(mails, key=lambda mail: "C-1" not in mail["X-Cartera-To"])
    body = ours.get_body(("plain",))
    assert body is not None and "<b>A</b>" in body.get_content()
    app = open_page("customer", customer=ID, message=ours["X-Cartera-Contact"])
    assert not app.exception and not app.error, said(app)
    assert [each.value.splitlines() for each in app.code] == [body.get_content().splitlines()], (
        "as text: nothing in it can act"
    )
    told = table_of(app, "effect_amount").set_index("what").loc["Message sent", "detail"]
    assert "PEN\u00a01,0" in told and " · e-mail · " in told, "an amount as amounts are written"
    assert " · Final notice · " in told, "no name of a program"
    assert "http://evil" not in said(app) and ours["X-Cartera-To"] in "".join(each.value for each in app.text)
    assert not open_page("customer", customer=ID, message=other["X-Cartera-Contact"]).code, "of another customer"
    with acting(Actor("nina@example.com", "collector", frozenset({"norte"}))):
        assert customer.message(ours["X-Cartera-Contact"]) is None, "of another company"


def test_a_line_clicked_of_one_customer_is_not_one_of_the_next(open_page: OpenPage) -> None:
    publish_items(items())

    def timeline(app: AppTest) -> str:
        (found,) = [frame.proto.id for frame in app.dataframe if "effect_amount" in frame.value]
        return str(found)

    app = open_page("customer", customer=ID, currency_of="PEN")
    first = timeline(app)
    app.query_params["customer"] = "files:C-2"
    assert first != timeline(app.run()), "the browser keeps what is selected of a table by its id"


def test_a_timeline_that_is_cut_says_so(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items(items())
    app = open_page("customer", customer=ID, currency_of="PEN")
    count = len(table_of(app, "effect_amount"))
    assert "are listed; the export" not in said(app)
    monkeypatch.setattr(customer, "LISTED_EVENTS", count - 1)
    app = open_page("customer", customer=ID, currency_of="PEN")
    assert len(table_of(app, "effect_amount")) == count - 1
    assert f"The latest {count - 1} of {count} are listed" in said(app)


def test_statements_of_two_companies_have_names_of_their_own(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []
    monkeypatch.setattr(customer_parts, "file_button", lambda *_, file_name, **__: names.append(file_name))
    publish_items([*items(), item("8", AS_OF - dt.timedelta(days=3), "10", company_id="norte")])
    app = open_page("customer", customer=ID, part="statement")
    assert not app.exception and not app.error
    assert len(names) == len(set(names)) == 4


def test_a_customer_without_any_amount_has_a_timeline_without_a_currency(open_page: OpenPage) -> None:
    publish_items(items())
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            'insert into marts_a.dim_customers select (jsonb_populate_record(d, \'{"customer_id": "files:C-9"}\')).*'
            " from marts_a.dim_customers as d where customer_id = %s",
            (ID,),
        )
    desk.note(ME, "6f2f6ab0-0000-4000-8000-000000000004", "files:C-9", "new here")
    app = open_page("customer", customer="files:C-9")
    assert not app.exception and not app.error, said(app)
    assert list(table_of(app, "effect_amount")["detail"]) == ["new here"]
    assert "add up to" not in said(app) and "XXX" not in said(app)
    rows = customer.timeline(
        Words("EN"), pd.DataFrame(columns=customer.TIMELINE), customer.dossier("files:C-9"),
        worklist.file_of("files:C-9"), CLOCKS, is_now=True,
    )  # fmt: skip
    _, note, total = customer.timeline_csv(Words("EN"), rows, CLOCKS, "").decode("utf-8-sig").splitlines()
    assert "new here" in note and total.startswith("TOTAL: 1,,,,,,,,,,,2026-06-30")


def test_what_is_ended_is_so_on_the_day_of_the_customer(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items(items())
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update marts_a.dim_customers set timezone = 'America/Lima' where customer_id = %s", (ID,))
    ids = (f"6f2f6ab0-0000-4000-8000-00000000002{number}" for number in range(9))
    evening = dt.datetime(2026, 11, 28, 1, 8, tzinfo=dt.UTC)
    for days, act in enumerate((
        lambda: desk.promise(ME, next(ids), ID, "main", "PEN", Decimal(5), dt.date(2027, 1, 9), seen=0),
        lambda: desk.cancel_promise(ME, next(ids), ID, worklist.file_of(ID).promises[0].promise_id, seen=1),
        lambda: desk.dispute(ME, next(ids), ID, "main", "PEN", reason="price", seen=2),
        lambda: desk.close_dispute(ME, next(ids), ID, worklist.file_of(ID).disputes[0].dispute_id, seen=1,
                                   resolution="credited"),
        lambda: desk.record_call(ME, next(ids), ID, outcome="busy", is_right_party=False),
    )):  # fmt: skip
        now = evening + dt.timedelta(days=days)
        monkeypatch.setattr("cartera.desk.journal.utc_now", lambda now=now: now)
        act()
    rows = customer.timeline(
        Words("EN"), pd.DataFrame(columns=customer.TIMELINE), customer.dossier(ID), worklist.file_of(ID), CLOCKS,
        is_now=True,
    )  # fmt: skip
    assert [(row["kind"], row["effective_date"]) for row in rows.to_dict("records")][::-1] == [
        (kind, dt.date(2026, 11, 27) + dt.timedelta(days=days))
        for days, kind in enumerate(("promise", "cancel_promise", "dispute", "close_dispute", "call"))
    ]


@pytest.mark.parametrize(
    ("language", "one", "two"),
    [
        ("EN", "1 contact made that day, at most 1", "2 contacts made that day, at most 1"),
        ("ES", "1 contacto logrado ese día, a lo sumo 1", "2 contactos logrados ese día, a lo sumo 1"),
        ("PT", "1 contato feito nesse dia, no máximo 1", "2 contatos feitos nesse dia, no máximo 1"),
    ],
)
def test_one_contact_is_one(language: str, one: str, two: str) -> None:
    for count, told in ((1, one), (2, two)):
        assert rules.saw(Words(language), f"{count} contacts made in that day, at most 1") == told


def test_a_statement_is_exact_in_both_forms(database: str) -> None:
    publish_items([*items(), item("8", AS_OF - dt.timedelta(days=3), "10", document_number="=1+1")])
    text = pdf.text_of(customer.statement_pdf(ID, "main", CLOCKS).content)
    assert "1,000.00" in text or "1.000,00" in text or "1 000" in text
    content, count = customer.statement_xlsx(ID, "main", CLOCKS)
    assert count == 5, "what is open: three in PEN, one in USD, one payment unused"
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        strings = book.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in sheet and "=1+1" in strings
    assert "1220.5" in sheet and "Saldo neto PEN" in strings and "Saldo neto USD" in strings


@pytest.mark.parametrize("language", ["en", "es", "pt"])
def test_a_statement_workbook_speaks_the_customers_language_in_dates_and_numbers(database: str, language: str) -> None:
    late, day = AS_OF - dt.timedelta(days=3), AS_OF - dt.timedelta(days=33)
    publish_items([*items(), item("9", late, "900", currency_code="CLP", is_disputed=True)])
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update marts_a.dim_customers set language_code = %s where customer_id = %s", (language, ID))
    words = yaml.safe_load((get_settings().project_dir / f"templates/words.{language}.yaml").read_text("utf-8"))
    content = customer.statement_xlsx(ID, "main", CLOCKS).content
    book = load_workbook(io.BytesIO(content))
    assert book.sheet_names == [words["file_statement"].removesuffix(".pdf")]
    rows = book.get_sheet_by_index(0).to_python()
    told = [row[0] for row in rows[:3]]
    assert words["statement_title"] in told[0] and told[1] == f"{words['customer']} Comercial Andina SAC (files:C-1)"
    assert told[2].startswith(words["as_of"].split("{")[0]) and "2026" in told[2]
    assert rows[4] == [
        words[name] for name in
        ("document", "issued", "due", "days_overdue", "situation", "promised_for", "currency", "original", "balance")
    ]  # fmt: skip
    of = {row[0]: row[1:] for row in rows[5:]}
    assert of["F001-9"] == [day, late, 3, words["disputed"], "", "CLP", 900, 900]
    assert of["F001-2"][2:4] == ["", words["due_in_many"].replace("{days}", "5")]
    assert of["F001-6"][1:] == ["", "", words["credit_row"], "", "PEN", "", -40]
    assert of[f"{words['net_balance']} PEN"][-1] == 1210.5
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        styles = files.read("xl/styles.xml").decode()
    assert 'formatCode="#,##0"' in styles and 'formatCode="#,##0.00"' in styles, "CLP has no decimals, PEN has two"


def test_a_phone_of_strangers_and_unknown_ids(open_page: OpenPage) -> None:
    publish_items(items())
    app = open_page("customer", customer="files:nobody", part="moon", events="moon")
    assert not app.exception and "Nobody was known" in said(app)


def test_a_failing_query_shows_no_figure(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items(items())
    monkeypatch.setattr("cartera.warehouse.customers.balances", lambda *_, **__: 1 / 0)
    app = open_page("customer", customer=ID)
    assert "could not be read" in app.error[0].value and not app.dataframe and not app.exception


def test_the_file_has_the_whole_timeline_and_its_sum(database: str) -> None:
    publish_items(items())
    with reading() as opened:
        facts = customer.ledger(opened, CLOCKS, ID)
    text = customer.timeline_csv(Words("EN"), facts, CLOCKS, "PEN").decode("utf-8-sig")
    assert text.splitlines()[-1].split(",")[6] == "1210.50"
    rows = csv.DictReader(io.StringIO(customer.timeline_csv(Words("ES"), facts, CLOCKS, "PEN").decode("utf-8-sig")))
    said = {row["Qué"] for row in rows if row["Qué"]}
    assert said == {"Factura", "Pago", "Pago aplicado", "Vence cuota"}, "as on the page"


def test_who_is_of_one_company_sees_and_takes_nothing_of_another(database: str) -> None:
    publish_items([*items(), item("9", AS_OF - dt.timedelta(days=9), "70", company_id="norte")])
    desk.promise(ME, "6f2f6ab0-0000-4000-8000-000000000009", ID, "main", "PEN", Decimal(5), TOMORROW, seen=0)
    with acting(Actor("nina@example.com", "collector", frozenset({"norte"}))):
        with reading() as opened:
            assert set(customer.balances(opened, CLOCKS, ID)["company_id"]) == {"norte"}
            assert set(customer.ledger(opened, CLOCKS, ID)["company_id"].dropna()) == {"norte"}
            assert customer.profile(opened, KNOWN_AT, "files:C-2").empty
        filed = worklist.file_of(ID)
        assert not filed.promises and not filed.actions
        with pytest.raises(NotAllowed):
            customer.statement_pdf(ID, "main", CLOCKS)
        assert customer.statement_xlsx(ID, "norte", CLOCKS).content.startswith(b"PK")
