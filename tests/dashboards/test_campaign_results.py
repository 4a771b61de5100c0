"""The page of campaigns: what came of what was sent, the calendar, experiments, ghost shoppers."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.campaign_fixture import AS_OF, become, contacts, go_out, reachable
from support.pages import OpenPage, said
from support.serve_fixture import KNOWN_AT, publish_items, sample_items
from support.serve_promises import received

from cartera.db import Role, transaction
from cartera.reminders import experiment_report, outcomes, plan_reminders
from cartera.reminders.costs import costs
from cartera.reminders.enrol import Enrolment, add
from cartera.reminders.experiment import Arm
from cartera.reminders.experiment_report import ArmFigures, Interval
from cartera.reminders.model import Status
from dashboards.components import page
from dashboards.i18n import Words
from dashboards.queries import campaigns

GHOST = Enrolment(
    email="ghost@acme.example", language="es", country="MX", policy_name="default", company_id="main",
    currency_code="PEN",
)  # fmt: skip
ASKED = outcomes.Asked(AS_OF - dt.timedelta(days=89), 14, AS_OF, KNOWN_AT)


@pytest.fixture
def planned(database: str) -> int:
    """A plan for the sample company; how many contacts wait."""
    publish_items(sample_items())
    reachable()
    return plan_reminders().planned


def _table(app: AppTest, column: str) -> Any:
    return next(frame.value for frame in app.dataframe if column in frame.value)


def _unescaped(app: AppTest) -> str:
    return said(app).replace("\\", "")


def test_counts_lead_to_contacts_and_agree_with_what_the_command_says(planned: int) -> None:
    ids = go_out(9)
    become(ids[:5], Status.delivered, Status.sent)
    become(ids[:2], Status.answered, Status.delivered)
    become(ids[5:6], Status.bounced, Status.sent)
    by_id = {row["id"]: row for row in contacts()}
    payer = by_id[ids[0]]
    received(payer["customer_id"], "70", on=0, company_id=payer["company_id"])
    received(payer["customer_id"], "7", on=0, company_id="another")
    with transaction(Role.reader) as connection:
        for by in outcomes.BYS:
            found = outcomes.funnel(connection, ASKED, by)
            assert sum(row["planned"] for row in found) == planned
            assert sum(row["went_out"] for row in found) == 9
            assert [sum(row[name] for row in found) for name in ("delivered", "answered", "bounced")] == [5, 2, 1]
            for row in found:
                group = outcomes.Group(row.get("policy_name"), row.get("step_name"), row.get("channel"))
                for stage in outcomes.STAGES:
                    listed = outcomes.contacts(connection, ASKED, group, stage, limit=1000)
                    assert len(listed) == row[stage], (by, row, stage)
        (paid,) = outcomes.contacts(connection, ASKED, stage="paid", limit=10)
    assert paid["contact_id"] == ids[0] and paid["paid_amounts"] == {"PEN": "70.000000"}
    (told,) = costs(ASKED.from_date, by="channel")
    assert (told["contacts"], told["delivered"], told["answered"]) == (9, 5, 2)
    assert told["collected"] == "PEN 70.00"


def test_the_page_of_results(open_page: OpenPage, planned: int) -> None:
    ids = go_out(4)
    become(ids[:3], Status.delivered, Status.sent)
    app = open_page("campaigns", look="results")
    assert not app.error and not app.exception
    assert [metric.value for metric in app.metric] == ["4", "3", "0", "0", "0"]
    assert [metric.delta for metric in app.metric[1:]] == [
        "not reported", "none so far", "none so far", "too early for a share",
    ]  # fmt: skip
    shown = _table(app, "went_out")
    assert shown["went_out"].iloc[0] == sum(shown["went_out"].iloc[1:]) == 4
    assert shown["planned"].iloc[0] == sum(shown["planned"].iloc[1:]) == planned
    assert not {"bounced", "failed", "unknown"} & set(shown), "what happened to none takes no room"
    kept = campaigns.Kept(ASKED, 0)
    *exported, total = csv.reader(io.StringIO(campaigns.funnel_csv(Words("EN"), kept, "step").decode("utf-8-sig")))
    assert sum(int(row[2]) for row in exported[1:]) == planned and total[0].startswith("TOTAL: ")
    content = campaigns.contacts_csv(Words("ES"), kept, outcomes.ANY, "delivered", ["Entregados: Todas"])
    headings, *rows, total = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert len(rows) == 3 and {row[headings.index("Estado")] for row in rows} == {"entregado"}
    assert headings[-1] == "Filtros" and {row[-1] for row in [*rows, total]} == {"Entregados: Todas"}


def _set(ids: list[str], **changes: Any) -> None:
    assigned = ", ".join(f"{name} = %({name})s" for name in changes)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"update ops.contacts set {assigned} where contact_id::text = any(%(ids)s)", {**changes, "ids": ids}
        )
        assert cursor.rowcount == len(ids)


def _pays(contact_id: str, on: int) -> None:
    (payer,) = [row for row in contacts() if row["id"] == contact_id]
    received(payer["customer_id"], "70", on=on, company_id=payer["company_id"])


def test_many_states_stand_below_and_a_click_there_leads_to_its_contacts(open_page: OpenPage, planned: int) -> None:
    ids = go_out(6)
    become(ids[:1], Status.bounced, Status.sent)
    become(ids[1:3], Status.unknown, Status.sent)
    app = open_page("campaigns", look="results")
    counted, others = _table(app, "went_out"), _table(app, "bounced")
    assert "bounced" not in counted and "went_out" not in others, "beside each other they are wider than the page"
    assert list(counted["group"]) == list(others["group"])
    for column, count in (("went_out", 6), ("unknown", 2), ("bounced", 1)):
        [frame] = [each for each in app.dataframe if column in each.value and "group" in each.value]
        key = frame.proto.id.split("-", 2)[2]
        app.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": [(0, column)]}}
        app = app.run()
        assert not app.exception and len(_table(app, "state")) == int(frame.value[column].iloc[0])
        assert len(_table(app, "state")) == count, column


@pytest.mark.parametrize(("language", "early"), [("EN", "too early"), ("ES", "es pronto"), ("PT", "cedo")])
def test_what_went_out_today_is_in_no_share(open_page: OpenPage, planned: int, language: str, early: str) -> None:
    go_out(4)
    app = open_page("campaigns", look="results", lang=language)
    assert not app.error and not app.exception
    assert "%" not in "".join(str(metric.delta) for metric in app.metric) and early in app.metric[4].delta
    assert app.metric[1].value == "—" and not app.get("plotly_chart")
    assert all(text in said(app) for text in ("4 conta", "14 d"))


def test_the_share_that_paid_is_of_contacts_whose_days_are_over(open_page: OpenPage, planned: int) -> None:
    ids = go_out(5)
    _set(ids[:3], contact_date=AS_OF - dt.timedelta(days=14))
    _set(ids[3:4], contact_date=AS_OF - dt.timedelta(days=13))
    _pays(ids[0], on=0)
    _pays(ids[3], on=-1)
    app = open_page("campaigns", look="results", sent_by="policy")
    assert (app.metric[4].value, app.metric[4].delta) == ("2", "33.3%: 1 of 3")
    assert "2 contacts are in no share" in said(app) and "Already followed by a payment: 1." in said(app)
    assert _table(app, "went_out")["too_early"].iloc[0] == 2
    (chart,) = app.get("plotly_chart")
    assert "33.3%" in chart.proto.spec and "40.0%" not in chart.proto.spec
    app = open_page("campaigns", look="results", paid_within="7")
    assert (app.metric[4].value, app.metric[4].delta) == ("0", "0.0%: 0 of 4")


def test_where_a_channel_reports_no_deliveries_none_are_counted(open_page: OpenPage, planned: int) -> None:
    ids = go_out(6)
    _set(ids[:2], channel="sms")
    become([ids[0]], Status.delivered, Status.sent)
    app = open_page("campaigns", look="results", sent_by="channel")
    assert (app.metric[1].value, app.metric[1].delta) == ("1", "50.0%: 1 of 2")
    shown = _table(app, "went_out").set_index("group")["delivered"]
    assert shown.dropna().to_dict() == {"All": 1, "SMS (text)": 1} and "E-mail" in shown
    # one e-mail of which a server said so stands for none of the others
    become([ids[2]], Status.delivered, Status.sent)
    app = open_page("campaigns", look="results", sent_by="channel")
    assert (app.metric[1].value, app.metric[1].delta) == ("2", "50.0%: 1 of 2")


def test_forbidden_days_are_marked_and_a_day_leads_to_its_contacts(open_page: OpenPage, planned: int) -> None:
    go_out(2)
    app = open_page("campaigns", look="calendar", lives_in="MX", contact_day=AS_OF.isoformat())
    assert not app.error and not app.exception
    assert "Contacts of 30 Jun 2026" in said(app) and "they are the figure" in said(app)
    assert len(_table(app, "state")) == planned
    sundays = [dt.date(2026, 7, 5), dt.date(2026, 7, 12)]
    # Peru forbids contacts on Sundays; the working day between them is open
    assert set(campaigns.closed("PE", "email", [*sundays, dt.date(2026, 7, 7)])) == set(sundays)


def test_an_experiment_says_that_there_is_not_enough_data(open_page: OpenPage, planned: int) -> None:
    app = open_page("campaigns", look="experiments")
    assert "No customer has been drawn" in said(app)
    _draw("hold_out", 1)
    _draw("champion", 2)
    app = open_page("campaigns", look="experiments")
    assert not app.error and not app.exception
    assert "**Champion · PEN:** Not enough data in Hold-out: 1 of the 100 customers needed" in _unescaped(app)


@pytest.mark.parametrize(
    ("hold_out", "champion", "language", "says"),
    [
        ((110, 30), (90, 30), "EN", "Not enough data in Champion: 90 of the 100 customers needed"),
        ((110, 15), (120, 30), "ES", "Datos insuficientes en Grupo de control: 15 de los 20 clientes con pago"),
        ((110, 30), (120, 30), "PT", "Dados insuficientes em Campeão: nenhum contato ainda"),
    ],
)
def test_an_experiment_says_which_group_is_short_of_what(
    open_page: OpenPage, planned: int, hold_out: tuple[int, int], champion: tuple[int, int], language: str, says: str
) -> None:  # fmt: skip
    _draw("hold_out", hold_out[0], paid=hold_out[1])
    _draw("champion", champion[0], paid=champion[1])
    app = open_page("campaigns", look="experiments", lang=language)
    assert not app.error and not app.exception
    assert says in _unescaped(app)


def _draw(arm: str, count: int, paid: int = 0) -> None:
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.experiment_draws (experiment, customer_id, arm, policy_name, challenger_pct, holdout_pct,"
            " drawn_on, owed) select 'tone', %s || n, %s, 'default', 0, 50, %s, '{\"main\": {\"PEN\": \"100\"}}'"
            " from generate_series(1, %s) as n",
            (f"files:{arm}-", arm, AS_OF - dt.timedelta(days=40), count),
        )
    for number in range(1, paid + 1):
        received(f"files:{arm}-{number}", str(40 + number % 7), on=-20)


def test_an_experiment_with_enough_data_has_intervals(open_page: OpenPage, planned: int) -> None:
    _draw("hold_out", 120, paid=30)
    _draw("champion", 130, paid=100)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update ops.contacts set status = 'sent', customer_id = 'files:champion-1', company_id = 'main',"
            " contact_date = %s where contact_id = (select contact_id from ops.contacts join ops.contact_items"
            " using (contact_id) where currency_code = 'PEN' order by contact_id limit 1)",
            (AS_OF - dt.timedelta(days=30),),
        )
    app = open_page("campaigns", look="experiments")
    assert not app.error and not app.exception
    gained = _table(app, "gained_text").set_index("arm_name").loc["Champion", "gained_text"]
    (verdict,) = [line for line in _unescaped(app).splitlines() if line.startswith("- **Champion")]
    assert "leaves zero out" in verdict and "[" in gained
    assert f"Days gained {gained}" in verdict


def test_amounts_of_two_currencies_have_no_scale_in_common(
    open_page: OpenPage, planned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    arms = [
        ArmFigures("tone", Arm.champion, code, 100, 0, 50, 40, Decimal(1000), Decimal(400), Decimal(20), Arm.hold_out,
                   of_money, of_money, Interval(Decimal(2), Decimal(1), Decimal(3)))
        for code, of_money in (
            ("COP", Interval(Decimal(40_000), Decimal(-10_000), Decimal(90_000))),
            ("PEN", Interval(Decimal(12), Decimal(2), Decimal(22))),
        )
    ]  # fmt: skip
    monkeypatch.setattr(experiment_report, "experiment_report", lambda **_: arms)
    app = open_page("campaigns", look="experiments")
    assert not app.error and not app.exception
    days, *of_cash = [each.proto.spec for each in app.get("plotly_chart")]
    assert all(code in days for code in ("COP", "PEN"))
    assert [[code for code in ("COP", "PEN") if code in spec] for spec in of_cash] == [["COP"], ["PEN"]]
    assert {"**Extra cash per contact, COP**", "**Extra cash per contact, PEN**"} <= {
        each.value for each in app.markdown
    }


def test_an_experiment_on_a_phone_is_a_list_of_its_figures(
    open_page: OpenPage, planned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "is_phone", lambda: True)
    _draw("hold_out", 1)
    _draw("champion", 2)
    app = open_page("campaigns", look="experiments")
    assert not app.error and not app.exception
    listed = _table(app, "figure")
    assert list(listed.columns) == ["name", "figure"] and "Champion · PEN" in list(listed["name"])
    champion = listed.iloc[list(listed["name"]).index("Champion · PEN") + 1 :]
    assert list(champion.iloc[0]) == ["Customers", "2"]


@pytest.mark.parametrize(
    ("language", "received", "to_come", "kept"),
    [
        ("EN", "What it received", "To come", "6 of 7 kept"),
        ("ES", "Qué recibió", "Por venir", "6 de 7 cumplidas"),
        ("PT", "O que recebeu", "Por vir", "6 de 7 cumpridas"),
    ],
)
def test_a_ghost_s_first_message(
    open_page: OpenPage, database: str, language: str, received: str, to_come: str, kept: str
) -> None:
    """Of one message there is no gap, and no rule was asked for what is only marked as sent: that one is broken."""
    publish_items(sample_items())
    reachable()
    add(GHOST, "test")
    plan_reminders()
    ids = [row["id"] for row in contacts("planned") if row["customer_id"].startswith("ghost-shopper:")]
    become(ids, Status.approved, Status.planned)
    become(ids, Status.sent, Status.approved)
    app = open_page("campaigns", look="ghosts", lang=language)
    headings = [each.value for each in app.subheader]
    assert received in headings and to_come not in headings
    assert kept in said(app)


def test_what_a_ghost_lived_through(open_page: OpenPage, planned: int) -> None:
    assert "There is no test debtor" in said(open_page("campaigns", look="ghosts"))
    add(GHOST, "test")
    plan_reminders()
    app = open_page("campaigns", look="ghosts")
    assert not app.error and not app.exception
    assert len(_table(app, "due_on")) >= 5
    # by which channel each comes, in words
    assert list(_table(app, "due_on")["channels"]) == ["E-mail"] * 5 + ["Call by a person"]
    # it is only planned for: nothing was received, and no rule was kept
    assert "To come" in said(app) and "Nothing has gone out to it yet, so there is nothing to check" in said(app)
    # and what it will get is read beforehand
    assert "As it would go out now:" in said(app) and "Ghost Shopper" in app.code[0].value
    assert list(_table(app, "enrolled_on")["language"]) == ["Spanish"]
    checked = _table(app, "is_kept")
    assert "the language is Spanish" in list(checked["rule"])
    assert set(checked["is_kept"]) == {"nothing to check"} and set(checked["saw"]) == {"—"}
    # it is approved with the others, and said to be among them
    assert sum(_table(open_page("campaigns"), "planned_by")["ghosts"]) == 1
    with transaction(Role.reader) as connection:
        assert sum(row["planned"] for row in outcomes.funnel(connection, ASKED, "step")) == planned
