"""A plan that ended as broken says why in the reader's language, beside what the collector had noted."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest
from support.customer_page import table_of
from support.desk_page import ME, TODAY, action_id, field_of, publish_today, record, three_customers
from support.pages import OpenPage, said

from cartera import desk
from cartera.db import Role, transaction
from cartera.desk import Plan, day
from cartera.desk.broken import CARTERA, end_broken_plans
from cartera.desk.journal import Asked, act
from cartera.desk.plans import end
from dashboards.i18n import Words
from dashboards.queries.desk import value_of

DUE = TODAY - dt.timedelta(days=9)
WHY = {
    "EN": ("Plan broken", "PEN 0.00 paid of PEN 25.00 due by {date}"),
    "ES": ("Plan incumplido", "PEN 0.00 pagado de PEN 25.00 con vencimiento hasta el {date}"),
    "PT": ("Plano descumprido", "PEN 0,00 pago de PEN 25,00 com vencimento até {date}"),
}


@pytest.fixture
def plan_id(database: str) -> str:
    """Of a plan whose first part fell due some days ago, unpaid."""
    publish_today(three_customers())
    parts = [(TODAY, Decimal(25)), (TODAY + dt.timedelta(days=30), Decimal(25))]
    made = desk.plan(ME, action_id(1), "files:C-1", "main", "PEN", parts, note="by mail")
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.desk_plans set made_date = %s", (DUE,))
        cursor.execute("update ops.desk_promises set made_date = %s", (DUE,))
        cursor.execute("update ops.desk_promises set promised_date = %s where promised_date = %s", (DUE, TODAY))
    return made.plan_id


def _ended_before(plan_id: str) -> None:
    """As it was recorded until its shortfall was kept as values."""
    note = f"broken: PEN 0.00 paid of 25.00 due by {DUE}"
    asked = Asked(CARTERA, action_id(2), "break_plan", "files:C-1", {})
    act(asked, Plan, lambda open: end(open, plan_id, 1, note))


def _detail(app: AppTest, what: str) -> str:
    found = table_of(app, "effect_amount").set_index("what").loc[what, "detail"]
    return str(found).replace("\xa0", " ")


@pytest.mark.parametrize("lang", WHY)
def test_why_it_ended_is_told_in_the_readers_language(open_page: OpenPage, plan_id: str, lang: str) -> None:
    assert end_broken_plans() == 1
    (ended,) = day.customer_file("files:C-1").plans
    assert ended.is_cancelled and ended.note == "by mail" and ended.shortfall
    assert (ended.shortfall.paid_amount, ended.shortfall.due_amount, ended.shortfall.due_date) == (0, 25, DUE)
    what, why = WHY[lang]
    told = _detail(open_page("customer", customer="files:C-1", lang=lang), what)
    assert why.format(date=Words(lang).date(DUE)) in told and "by mail" in told and "broken" not in told


@pytest.mark.parametrize("lang", WHY)
def test_also_of_one_that_ended_before(open_page: OpenPage, plan_id: str, lang: str) -> None:
    _ended_before(plan_id)
    what, why = WHY[lang]
    told = _detail(open_page("customer", customer="files:C-1", lang=lang), what)
    assert why.format(date=Words(lang).date(DUE)) in told and "broken:" not in told


def test_what_a_person_wrote_stays_as_it_was_written() -> None:
    note = "broken: PEN 0.00 paid of 25.00 due by 2026-99-99"
    assert value_of(Words("ES"), {"note": note, "by": "ana"}, "note") == note


def test_who_records_over_it_sees_why(open_page: OpenPage, plan_id: str) -> None:
    app = open_page("worklist", customer="files:C-1", do="promise", lang="ES")
    field_of(app, "amount").set_value("5").run()
    app = field_of(app, "date").set_value(TODAY + dt.timedelta(days=2)).run()
    assert end_broken_plans() == 1
    told = said(record(app)).replace("\xa0", " ").replace("\\", "")
    assert f"No cumplido: {WHY['ES'][1].format(date=Words('ES').date(DUE))}" in told
