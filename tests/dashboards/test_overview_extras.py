"""The second row of the overview and what wants attention: figures worked out by hand, each leading to its rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pandas as pd
import pytest
from psycopg2.extensions import connection as Connection
from streamlit.testing.v1 import AppTest
from support import serve_promises as promised_to
from support.pages import OpenPage, said, still_tables
from support.serve_fixture import AS_OF, KNOWN_AT, item, publish_items, sample_items

from cartera.cli.demo import set_targets
from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.settings import Settings, get_settings
from cartera.targets import load_targets
from cartera.warehouse import balances, headline, promises, read
from dashboards.charts.aging import aging_over_time
from dashboards.components.headline_extras import judged
from dashboards.i18n import Words
from dashboards.queries import going_on, overview
from dashboards.queries.session import reading

ASKED = headline.Asked(AS_OF, KNOWN_AT, "PEN", None)


@pytest.fixture(autouse=True)
def targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "targets.yaml"
    monkeypatch.setenv("CARTERA_TARGETS_FILE", str(path))
    get_settings.cache_clear()
    yield path
    get_settings.cache_clear()


def day(days: int) -> dt.date:
    return AS_OF + dt.timedelta(days=days)


def card(app: AppTest, label: str) -> tuple[str, str]:
    found = next(metric for metric in app.metric if metric.label.startswith(label))
    return found.value, found.delta


def put(table: str, **columns: object) -> None:
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        names, holders = ", ".join(columns), ", ".join(["%s"] * len(columns))
        cursor.execute(f"insert into marts_a.{table} ({names}) values ({holders})", list(columns.values()))


def test_dso_and_effectiveness_by_hand_and_their_trend(database: str) -> None:
    """Sales of 900 in 90 days, 300 open of which 100 overdue; at the window's begin 200 were open."""
    publish_items([
        item("old", day(-80), "200", issue_date=day(-120), settled_date=day(-50)),
        item("paid", day(-20), "600", issue_date=day(-60), settled_date=day(-10)),
        item("late", day(-5), "100", issue_date=day(-40)),
        item("open", day(20), "200", issue_date=day(-2)),
        item("credit", day(-31), "-40", issue_date=day(-31), item_type="unapplied_credit"),
        item("later", day(-1), "-5", issue_date=day(-1), item_type="unapplied_credit"),
    ])  # fmt: skip
    with reading() as opened:
        points = overview.trend(opened, ASKED)
    assert (points[-1].unapplied_amount, points[-2].unapplied_amount, points[0].unapplied_amount) == (-45, -40, 0)
    assert len(points) == 7 and points[-1].as_of_date == AS_OF and points[-2].as_of_date == day(-30)
    last = points[-1]
    assert (last.open_amount, last.overdue_amount) == (300, 100)
    assert last.dso == 300 * 90 / Decimal(900) == 30
    assert last.best_possible_dso == 200 * 90 / Decimal(900) == 20
    assert last.cei == (200 + 900 - 300) * 100 / Decimal(200 + 900 - 200)
    # thirty days before nothing had been paid of what was issued since, and the old one was settled
    assert (points[-2].open_amount, points[-2].overdue_amount) == (700, 0)
    assert points[0].dso is None, "nothing was sold that long ago"


def test_what_was_collected_stands_beside_its_target(database: str, targets: Path, open_page: OpenPage) -> None:
    publish_items([
        item("1", day(-20), "80", issue_date=day(-60), settled_date=day(-3)),
        item("2", day(-20), "50", issue_date=day(-60), settled_date=day(-35)),
        item("3", day(5), "10"),
        item("4", day(-40), "7", issue_date=day(-60), settled_date=dt.date(2026, 5, 31)),
    ])  # fmt: skip
    app = open_page("overview")
    assert card(app, "Collected in Jun 2026, PEN") == ("80.00", "50.00"), "on 31 May this month was over"
    collected = next(metric for metric in app.metric if metric.label.startswith("Collected in"))
    assert collected.proto.delta_description == "by 30 May 2026"
    targets.write_text("collected:\n  - {company: main, currency: PEN, amount: 320}\n")
    assert card(open_page("overview"), "Collected in Jun 2026, PEN") == ("80.00", "25.0%")
    targets.write_text(
        "collected:\n  - {company: main, currency: PEN, amount: 320}\n"
        "  - {company: main, currency: PEN, amount: 160, month: 2026-06}\n"
    )
    assert card(open_page("overview"), "Collected in Jun 2026, PEN") == ("80.00", "50.0%")


def test_a_target_for_all_needs_one_of_each(targets: Path) -> None:
    targets.write_text("collected:\n  - {company: main, currency: PEN, amount: 320.50}\n")
    assert load_targets().of(AS_OF, "PEN", ["main"]) == Decimal("320.50")
    assert load_targets().of(AS_OF, "PEN", ["main", "norte"]) is None
    assert load_targets().of(AS_OF, "USD", ["main"]) is None
    for wrong in ("amount: -1", "amount: 1, month: 2026-13", "amount: 1, moth: 2026-01"):
        targets.write_text(f"collected:\n  - {{company: main, currency: PEN, {wrong}}}\n")
        with pytest.raises(ConfigError, match=r"targets\.yaml:2"):
            load_targets()


FIGURES = """figures:
  - {figure: dso, target: 45}
  - {figure: dso, target: 50, currency: USD}
  - {figure: dso, target: 60, company: norte}
  - {figure: overdue_amount, target: 90.50, company: main, currency: PEN}
  - {figure: overdue_amount, target: 10, company: norte, currency: PEN}
"""


def test_targets_of_figures_are_those_that_say_most_of_where_they_hold(targets: Path) -> None:
    targets.write_text(FIGURES)
    found = load_targets()
    assert found.of_figure("dso", "PEN", ["main"]) == found.of_figure("dso", "PEN", ["main", "sur"]) == 45
    assert found.of_figure("dso", "USD", ["main"]) == 50 and found.of_figure("dso", "USD", ["norte"]) == 60
    assert found.of_figure("dso", "PEN", ["main", "norte"]) is None, "they have different ones"
    assert found.of_figure("overdue_amount", "PEN", ["main", "norte"]) == Decimal("100.50")
    assert found.of_figure("overdue_amount", "PEN", ["main", "sur"]) is None
    assert (
        found.of_figure("overdue_amount", "USD", ["main"]) is None and found.of_figure("cei", "PEN", ["main"]) is None
    )
    for wrong in ("figure: dso, target: 0", "figure: dos, target: 1", "figure: open_amount, target: 1, company: main"):
        targets.write_text(f"figures:\n  - {{{wrong}}}\n")
        with pytest.raises(ConfigError, match=r"targets\.yaml:2"):
            load_targets()


def test_a_card_says_whether_its_target_is_kept(database: str, targets: Path, open_page: OpenPage) -> None:
    publish_items([item("late", day(-5), "100", issue_date=day(-40)), item("open", day(20), "300")])
    bounds = ("open_amount, target: 400", "overdue_amount, target: 99.99", "expected_amount, target: 300.01")
    targets.write_text(
        "figures:\n  - {figure: overdue_pct, target: 25}\n"
        + "".join(f"  - {{figure: {bound}, company: main, currency: PEN}}\n" for bound in bounds)
    )
    app = open_page("overview")
    marks = dict(metric.label.replace(", PEN", "").split(" · ") for metric in app.metric if " · " in metric.label)
    assert marks == {
        "Open": "≤ 400 ✓", "Overdue": "≤ 99.99 ✗", "Overdue share": "≤ 25.0% ✓",
        "Expected": "≥ 300.01 ✗",
    }  # fmt: skip
    overdue = next(metric for metric in app.metric if metric.label.startswith("Overdue, "))
    assert overdue.help.startswith("**Over the target of PEN\xa099.99.**")


def test_a_wrong_file_of_targets_is_told_and_takes_no_figure_away(
    database: str, targets: Path, open_page: OpenPage
) -> None:
    publish_items(sample_items())
    whole = [(each.label, each.value) for each in open_page("overview").metric]
    targets.write_text("figures:\n  - {figure: dos, target: 45}\n")
    app = open_page("overview", lang="ES")
    (told,) = [each.value.replace("\\", "") for each in app.warning if "sin metas" in each.value]
    assert "targets.yaml:2" in told and not app.error and not app.exception
    assert [(each.label, each.value) for each in open_page("overview", lang="EN").metric] == whole


def test_what_is_expected_says_its_change_where_it_can(database: str, open_page: OpenPage) -> None:
    """A month ago 40 was expected of the days since; now 50 is."""
    publish_items([
        item("paid", day(-10), "40", issue_date=day(-60), settled_date=day(-9)),
        item("open", day(10), "50", issue_date=day(-20)),
    ])  # fmt: skip
    assert card(open_page("overview"), "Expected in 30 days, PEN") == ("50.00", "+25.0%")


def test_what_is_expected_leads_to_rows_that_add_up(database: str, open_page: OpenPage) -> None:
    publish_items([
        item("late", day(-1), "1000"), item("today", AS_OF, "500"), item("first", day(1), "10"),
        item("last", day(30), "20.50"), item("beyond", day(31), "4000"),
        item("contested", day(10), "70", is_disputed=True), item("else", day(10), "7", currency_code="USD"),
    ])  # fmt: skip
    app = open_page("overview", currency="PEN")
    # thirty days before, what is late or due today was expected: 1500
    assert card(app, "Expected in 30 days, PEN") == ("30.50", "-98.0%")
    (pills,) = [group for group in app.button_group if group.key.startswith("look_at")]
    app = pills.set_value("expected").run()
    assert not app.exception and not app.error
    assert "add up to" in said(app)
    shown = next(table.value for table in app.dataframe if "document_number" in table.value)
    assert sorted(shown["document_number"]) == ["F001-first", "F001-last"]
    assert sum(shown["open_amount"]) == Decimal("30.50")


def test_broken_promises_and_new_disputes_are_those_of_the_last_days(database: str) -> None:
    """Broken as the page of promises and the KPI judge: its last day of grace is over on that day itself."""
    late = day(-30)
    publish_items([item(name, late, "10", customer_id=f"files:{name}") for name in "abcdefgh"])

    def promise(name: str, promised: int, amount: str = "10", of: str | None = None) -> None:
        promised_to.promised(f"of {name}", f"files:{name}", amount, made=-20, promised=promised, invoice_id=of)

    promise("a", -5)
    promise("b", -9, of="b")
    promise("c", -3, of="c")
    promise("d", -10, of="d")
    promise("e", -5, of="x")
    promise("f", -2, of="f")
    promise("g", -5, "1", of="g")
    promised_to.applied("files:g", "g", "1", on=-4)
    promise("h", -5, "0", of="h")
    put("fct_disputes", dispute_id="1", invoice_id="c", opened_date=AS_OF)
    put("fct_disputes", dispute_id="2", invoice_id="d", opened_date=day(-6))
    put("fct_disputes", dispute_id="3", invoice_id="e", opened_date=day(-7))
    put("fct_disputes", dispute_id="4", invoice_id="a", opened_date=day(-2), resolved_date=day(-1))
    of_page = promises.Asked(AS_OF, KNOWN_AT, overview.RECENT_DAYS, "PEN")
    with reading() as opened:
        assert overview.broken_promises(opened, ASKED) == ("a", "b", "c")
        listed = promises.promises(opened.connection, of_page, state="broken", limit=99)
        assert {row["promise_id"] for row in listed} == {"of a", "of b", "of c", "of e"}, "x is not open"
        assert overview.new_disputes(opened, ASKED) == ("c", "d")


def test_a_promise_without_an_invoice_is_of_what_is_overdue_in_every_company(
    database: str, open_page: OpenPage
) -> None:
    publish_items([
        item("late", day(-30), "10"), item("due", day(5), "20"), item("dollars", day(-30), "30", currency_code="USD"),
        item("norte", day(-30), "40", company_id="norte"), item("of it", day(9), "50", issue_date=day(-30)),
        item("paid", day(-30), "60", settled_date=day(-1)), item("anew", day(-30), "70"),
    ])  # fmt: skip
    promised_to.promised("all", "files:C-1", "100", made=-20, promised=-5)
    promised_to.promised("one", "files:C-1", "50", made=-20, promised=-5, invoice_id="of it")
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update marts_a.fct_open_items set promised_date = %s where item_id = 'anew'", (day(3),))
    with reading() as opened:
        of_company = [replace(ASKED, company_id=company) for company in ("main", "norte")]
        found = [overview.broken_promises(opened, each) for each in (ASKED, *of_company)]
    assert found == [("late", "norte", "of it"), ("late", "of it"), ("norte",)]
    app = open_page("overview", currency="PEN", look_at="broken")
    assert not app.exception and not app.error, said(app)
    assert "Still open of promises whose last day" in said(app)
    shown = next(table.value for table in app.dataframe if "document_number" in table.value)
    assert sum(shown["open_amount"]) == Decimal(100)


def test_attention_says_what_is_wrong_with_the_data(database: str, open_page: OpenPage) -> None:
    publish_items(sample_items())
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("insert into ops.cursors values ('erp', 'invoices', '{}', now() - interval '10 days')")
    app = open_page("overview")
    assert "1 source was last read long ago: erp" in said(app)
    assert "The published figures tie out: 6 of 6 lines" in said(app)


def test_a_ledger_too_large_for_a_trend_has_its_figures_without_one(
    database: str, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_items(sample_items())
    monkeypatch.setattr(overview, "IN_TIME_SECONDS", 0.1)
    monkeypatch.setattr(read, "aging", _slow_in_the_past(read.aging))
    app = open_page("overview", currency="PEN")
    assert not app.exception and not app.error
    owed = sum(i.item_amount for i in sample_items() if i.currency_code == "PEN" and i.item_type == "instalment")
    assert Decimal(app.metric[0].value.replace(",", "")) == owed
    assert len(still_tables(app)) == 2, "what follows the trend is read in the same transaction"


def test_aging_over_time_is_that_of_each_month_end(database: str) -> None:
    publish_items([
        item("paid", day(-100), "500", issue_date=day(-150), settled_date=day(-31)), item("late", day(-40), "100"),
        item("due", day(5), "20"), item("else", day(5), "7", currency_code="USD"),
    ])  # fmt: skip
    with reading() as opened:
        rows = overview.over_time(opened, ASKED)
    assert rows is not None
    days = [each.date() for each in pd.date_range(end=AS_OF, periods=6, freq="ME")]
    assert list(dict.fromkeys(rows["as_of_date"])) == days, "nothing was known before the first movement"
    open_on = {(row.as_of_date, row.bucket): row.open_amount for row in rows.itertuples(index=False) if row.open_amount}
    assert open_on[AS_OF, "31-60"] == 100 and open_on[AS_OF, "not_due"] == 20 and len(open_on) == 8
    assert open_on[dt.date(2026, 5, 31), "1-30"] == 100, "what was paid the day before is not open"
    assert open_on[dt.date(2026, 4, 30), "31-60"] == 500
    chart = aging_over_time(rows, "PEN", Words("ES"), is_dark=True)
    (boxes, totals) = chart["data"]["values"], chart["layer"][1]["data"]["values"]
    assert {each["opens"]: each["height"] for each in boxes if each["height"]} == {
        f"{when.isoformat()}/{bucket}": float(amount) for (when, bucket), amount in open_on.items()
    }
    assert totals[-1] == {"month": "jun 2026", "height": 120.0, "late": "83%"}
    assert len({each["month"] for each in totals}) == 6
    assert {each["opacity"] for each in boxes} == {1}
    chosen = aging_over_time(rows, "PEN", Words("ES"), True, "2026-04-30/31-60")["data"]["values"]
    assert [each["opens"] for each in chosen if each["opacity"] == 1] == ["2026-04-30/31-60"]


def test_a_customer_behind_an_earlier_month_opens_as_of_that_day(database: str, open_page: OpenPage) -> None:
    publish_items([item("late", day(-40), "100")])
    for box, days in (("2026-05-31/1-30", ["2026-05-31"]), (f"{AS_OF}/31-60", [])):
        app = open_page("overview", currency="PEN", box=box)
        [invoices] = [each for each in app.dataframe if "document_number" in each.value]
        key = invoices.proto.id.split("-", 2)[2]
        app.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": [(0, "open_amount")]}}
        app = app.run()
        assert not app.exception, app.exception
        [link] = [each.proto for each in app.get("page_link") if "customer=" in each.proto.query_string]
        asked = parse_qs(link.query_string)
        assert asked["customer"] == ["files:C-1"] and asked.get("as_of", []) == days, box


def test_past_days_that_take_too_long_go_on_behind_the_page(
    database: str, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_items(sample_items())
    monkeypatch.setattr(overview, "IN_TIME_SECONDS", 0.1)
    monkeypatch.setattr(going_on, "goes_on", lambda _key: True)
    with monkeypatch.context() as patch:
        patch.setattr(balances, "aging_and_credit", _slow_in_the_past(balances.aging_and_credit))
        patch.setattr(going_on, "begin", lambda _question: True)
        app = open_page("overview", currency="PEN")
        assert not app.exception and not app.error
        assert "Adding this up takes longer than usual" in said(app) and len(still_tables(app)) == 2
    monkeypatch.setattr(overview, "IN_TIME_SECONDS", 30.0)
    assert "takes longer" not in said(app.run())


def _slow_in_the_past(ask: Callable[..., Any]) -> Callable[..., Any]:
    def slow(connection: Connection, as_of: dt.date, *more: Any, **named: Any) -> Any:
        if as_of < AS_OF:
            with connection.cursor() as cursor:
                cursor.execute("select pg_sleep(10)")
        return ask(connection, as_of, *more, **named)

    return slow


def test_the_demo_has_targets_that_its_overview_is_held_against(published_company: str, targets: Path) -> None:
    set_targets()
    made = load_targets()
    with transaction(Role.reader) as connection:
        published = read.publication(connection)
        for target in made.collected:
            asked = headline.Asked(published.as_of_date, published.known_at, target.currency, target.company)
            *months, _ = headline.collected_by_month(connection, asked, 4)
            average = sum((received for _, received in months), Decimal(0)) / 3
            assert average <= target.amount <= average * Decimal("1.1"), target
    assert {each.company for each in made.figures} == {each.company for each in made.collected} != set()
    # one's own are left as they are
    targets.write_text("collected: []\n")
    set_targets()
    assert load_targets().collected == ()


def test_targets_of_the_demo_give_way_to_those_of_the_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CARTERA_TARGETS_FILE")
    own = Settings(project_dir=tmp_path, home=tmp_path / "home")
    assert own.targets_file == tmp_path / "home" / "targets.yaml"
    (tmp_path / "targets.yaml").write_text("collected: []\n")
    assert Settings(project_dir=tmp_path, home=tmp_path / "home").targets_file == tmp_path / "targets.yaml"
    named = Settings(project_dir=tmp_path, targets_file=tmp_path / "none.yaml")
    assert named.targets_file == tmp_path / "none.yaml"


@pytest.mark.parametrize(("moved", "colour"), [("0", "off"), ("0.04", "off"), ("-0.05", "off"), ("-0.06", "normal")])
def test_what_is_shown_as_no_change_is_neither_good_nor_bad(moved: str, colour: str) -> None:
    assert judged(Decimal(moved), "normal") == colour
    assert judged(None, "inverse") == "inverse"


def test_a_few_months_are_all_named() -> None:
    for count, named in ((2, 2), (4, 4), (13, 5)):
        days = [dt.date(2025 + month // 12, month % 12 + 1, 1) for month in range(count)]
        rows = pd.DataFrame(
            [{"as_of_date": day, "bucket": "not_due", "open_items": 1, "open_amount": Decimal(1)} for day in days]
        )
        chart = aging_over_time(rows, "PEN", Words("EN"), is_dark=False)
        assert len(chart["layer"][0]["encoding"]["x"]["axis"]["values"]) == named
