"""The page of campaigns: approving what was looked at, once; counts lead to rows; what is not there."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from psycopg2.errors import InsufficientPrivilege
from streamlit.testing.v1 import AppTest
from support.campaign_fixture import AS_OF, contacts, go_out, hold, reachable
from support.pages import OpenPage, said
from support.serve_fixture import KNOWN_AT, item, publish_items, sample_items
from support.signed_in import require_sign_in, sign_in_as

from cartera import users
from cartera.db import Role, transaction
from cartera.desk import Actor
from cartera.errors import DatabaseError, NotAllowed, PlanChanged
from cartera.reminders import approve_reminders, outcomes, plan_reminders, waiting
from cartera.reminders.approve import ApproveReport, approve_seen
from cartera.reminders.enrol import Enrolment
from cartera.reminders.preview import Preview
from cartera.settings import get_settings
from cartera.warehouse import behind, scope
from cartera.warehouse.read import rows
from dashboards.components import clicks
from dashboards.components.view import as_text
from dashboards.i18n import Words
from dashboards.queries import campaigns
from dashboards.queries.session import acting, reading

ROOT = Path(__file__).resolve().parents[2]
GHOST = Enrolment(
    email="ghost@acme.example", language="es", country="MX", policy_name="default", company_id="main",
    currency_code="PEN",
)  # fmt: skip
ASKED = outcomes.Asked(AS_OF - dt.timedelta(days=89), 14, AS_OF, KNOWN_AT)


def _table(app: AppTest, column: str) -> Any:
    return next(frame.value for frame in app.dataframe if column in frame.value)


def _approve_button(app: AppTest) -> Any:
    return next(button for button in app.button if str(button.key).startswith("approve_"))


def _look() -> waiting.Seen:
    with transaction(Role.reader) as connection:
        return waiting.look(connection)


def _approvals() -> list[dict[str, Any]]:
    with transaction(Role.admin) as connection:
        return rows(connection, "select actor from ops.contact_events where to_status = 'approved'")


def test_what_waits_adds_up_and_a_sample_is_shown(open_page: OpenPage, planned: int) -> None:
    app = open_page("campaigns")
    assert not app.error and not app.exception
    assert sum(_table(app, "planned_by")["contacts"]) == sum(_table(app, "channel_name")["contacts"]) == planned > 10
    assert f"{planned} messages by step; they add up" in said(app)
    assert _approve_button(app).label == f"Approve {planned} messages"
    assert "As it will look" in said(app) and "can't be shown" not in said(app)
    steps = open_page("campaigns", lang="PT")
    assert {"Primeiro lembrete", "Aviso final"} <= set(_table(steps, "channel_name")["step_name"])
    sample = next(each for each in steps.selectbox if str(each.key).startswith("sample_"))
    assert any(option.startswith("Aviso final · ") for option in sample.options) and not steps.exception


def test_a_click_approves_what_was_seen_once(open_page: OpenPage, planned: int) -> None:
    app = open_page("campaigns")
    app = _approve_button(app).click().run()
    assert f"{planned} messages are approved" in app.success[0].value
    assert len(contacts("approved")) == planned == len(_approvals())
    assert {row["actor"] for row in _approvals()} == {"local"}
    assert "Nothing waits for approval" in said(app)
    # what was done is said once
    assert not app.run().success


def test_the_same_form_sent_twice_approves_once(open_page: OpenPage, planned: int) -> None:
    app = open_page("campaigns")
    for typed, counts in ((99_999_999, planned), (0, 1), (5, 5)):
        app = app.number_input[0].set_value(typed).run()
        assert app.number_input[0].value == counts and f"Approve {counts} message" in _approve_button(app).label
        firsts = [each.value for each in app.markdown if "these come first" in each.value]
        assert sum(int(count) for count in re.findall(r"- (\d+) ×", "".join(firsts))) == (
            counts if counts < planned else 0
        )
    # typed and clicked at once: the button still says five
    app.number_input[0].set_value(3)
    app = _approve_button(app).click().run()
    approved = contacts("approved")
    assert len(approved) == 3
    assert f"{planned - 3} go on waiting" in app.success[0].value
    # it says which ones: how many of each step, and to whom
    lines, words = app.success[0].value, Words("EN")
    with transaction(Role.reader) as connection:
        names = behind.customer_names(connection, [row["customer_id"] for row in approved], KNOWN_AT)
    named = [(words.named("step", row["step_name"]), names[row["customer_id"]]) for row in approved]
    assert all(as_text(text) in lines for each in named for text in each)
    assert sum(int(count) for count in re.findall(r"- (\d+) ×", lines)) == 3
    assert _approve_button(app).label == f"Approve {planned - 3} messages"


@pytest.mark.parametrize("elses", [0, 2])
def test_the_second_of_two_clicks_does_not_approve_the_rest(
    open_page: OpenPage, planned: int, monkeypatch: pytest.MonkeyPatch, elses: int
) -> None:
    """The form of what is left stands where the first one was: after one's own approval, and somebody else's."""
    app = open_page("campaigns")
    app.number_input[0].set_value(3)
    button = _approve_button(app.run())
    if elses:
        approve_reminders(limit=elses, approved_by="ana")
    app = button.click().run()
    approved = len(contacts("approved"))
    monkeypatch.setattr(clicks, "SOON", 60.0)
    app = _approve_button(app).click().run()
    assert len(contacts("approved")) == approved and "just changed under the pointer" in app.error[0].value
    monkeypatch.setattr(clicks, "SOON", 0.0)
    app = _approve_button(app).click().run()
    assert len(contacts("approved")) == planned and not app.error


def test_who_comes_second_is_told_what_happened_and_does_nothing(open_page: OpenPage, planned: int) -> None:
    app = open_page("campaigns")
    approve_reminders(limit=2, approved_by="ana")
    app = _approve_button(app).click().run()
    assert "Nothing was approved by this click" in app.warning[0].value
    assert "2 × approved, by ana" in app.warning[0].value.replace("\\", "")
    assert len(contacts("approved")) == 2
    assert _approve_button(app).label == f"Approve {planned - 2} messages"


def test_an_approval_that_failed_can_be_tried_again(
    open_page: OpenPage, planned: int, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    def fail(*_: object, **__: object) -> None:
        raise DatabaseError("the database gave up")

    app = open_page("campaigns")
    with monkeypatch.context() as patch:
        patch.setattr("cartera.desk.approvals.approve_seen", fail)
        app = _approve_button(app).click().run()
    assert "The approval failed: The database gave up" in app.error[0].value and not contacts("approved")
    monkeypatch.setattr(clicks, "SOON", 0.0)
    app = _approve_button(app).click().run()
    assert len(contacts("approved")) == planned and not app.error


def test_a_plan_made_anew_meanwhile_is_not_approved_unseen(open_page: OpenPage, planned: int) -> None:
    app = open_page("campaigns")
    first = contacts("planned")[0]
    hold(first["customer_id"])
    plan_reminders()
    app = _approve_button(app).click().run()
    assert "stopped before" in app.warning[0].value
    assert not contacts("approved")


def test_two_who_approve_at_once(planned: int) -> None:
    seen = _look()

    def approve(number: int) -> ApproveReport | None:
        try:
            return campaigns.approve(Actor.local(f"user {number}"), seen, None)
        except PlanChanged:
            return None

    with ThreadPoolExecutor(8) as pool:
        (winner,) = [report for report in pool.map(approve, range(8)) if report]
    assert winner.approved == planned == len(_approvals())
    with reading() as opened:
        (happened,) = campaigns.since(opened, seen)
    assert (happened["to_status"], happened["contacts"]) == ("approved", planned)


def test_only_managers_approve_and_only_for_their_companies(planned: int) -> None:
    with transaction(Role.reader) as connection:
        everything, own = waiting.look(connection), waiting.look(connection, None, frozenset({"norte"}))
    for actor in (Actor("eva", "collector"), Actor("max", "manager", frozenset({"norte"}))):
        with pytest.raises(NotAllowed):
            campaigns.approve(actor, everything, None)
    assert not contacts("approved")
    report = campaigns.approve(Actor("max", "manager", frozenset({"norte"})), own, None)
    assert report.approved == own.contacts > 0
    assert {row["company_id"] for row in contacts("approved")} == {"norte"}


@pytest.fixture
def max_of_norte(monkeypatch: pytest.MonkeyPatch, database: str) -> Iterator[None]:
    """A manager of one company is signed in."""
    users.add("max@example.com", "manager", ["norte"], "test")
    require_sign_in(monkeypatch)
    sign_in_as(monkeypatch, "max@example.com")
    yield
    monkeypatch.undo()
    get_settings.cache_clear()


def test_who_sees_one_company_sees_and_approves_its_part_alone(
    open_page: OpenPage, planned: int, max_of_norte: None
) -> None:
    """Said by the database: each query of the page, on the session of who sees norte, gives norte's rows."""
    go_out(4)
    by_company = {row["company_id"] for row in contacts()}
    mine = [row for row in contacts("planned") if row["company_id"] == "norte"]
    assert by_company == {"main", "norte"} and 0 < len(mine) < len(contacts("planned"))
    with transaction(Role.viewer) as connection:
        for table in ("contacts", "contact_items", "contact_events", "contact_skips"):
            assert not rows(connection, f"select 1 from ops.{table}_in_scope"), "who names no company"
        scope.limit_to(connection, ["norte"])
        assert len(outcomes.waiting(connection, outcomes.Group(), KNOWN_AT, limit=1000)) == len(mine)
        for stage in ("planned", "went_out", "any"):
            found = outcomes.contacts(connection, ASKED, stage=stage, limit=1000)
            assert {row["company_id"] for row in found} <= {"norte"}, stage
        assert sum(row["planned"] for row in outcomes.funnel(connection, ASKED, "step")) == len(
            [row for row in contacts() if row["company_id"] == "norte"]
        )
        reasons = {row["reason_code"] for row in outcomes.skip_reasons(connection, AS_OF)}
        for reason in reasons:
            found = outcomes.skips(connection, AS_OF, reason, KNOWN_AT, limit=1000)
            assert {row["company_id"] for row in found} == {"norte"}, reason
        assert {row["contact_id"] for row in waiting.samples(connection)} <= {row["id"] for row in mine}
    with pytest.raises(InsufficientPrivilege), transaction(Role.viewer) as connection:
        rows(connection, "select recipient from ops.contacts")

    for part in ("waiting", "results", "calendar"):
        app = open_page("campaigns", look=part)
        assert not app.error and not app.exception, part
        assert "Of norte alone" in said(app) and "main" not in "".join(frame.value.to_csv() for frame in app.dataframe)
    for part in ("experiments", "ghosts"):
        assert "of all companies together" in "".join(each.value for each in open_page("campaigns", look=part).info)
    app = open_page("campaigns")
    assert sum(_table(app, "planned_by")["contacts"]) == sum(_table(app, "channel_name")["contacts"]) == len(mine)
    others = len(contacts("planned")) - len(mine)
    app = _approve_button(app).click().run()
    assert f"{len(mine)} messages are approved" in app.success[0].value
    assert {row["id"] for row in mine} <= {row["id"] for row in contacts("approved")}
    assert len(contacts("planned")) == others


def test_a_sample_and_its_files_and_why_not_are_of_ones_own_companies(database: str, tmp_path: Path) -> None:
    """Whatever id is asked for: they are read with rights of all companies."""
    publish_items(sample_items())
    reachable()
    policy = tmp_path / "with_files.yaml"
    policy.write_text((ROOT / "policies" / "default.yaml").read_text().replace("tone:", "attach: [statement], tone:"))
    plan_reminders(policy_path=policy)
    with reading() as opened:
        shown = [row["contact_id"] for row in campaigns.samples(opened, None)]
        skips = [
            row["skip_id"]
            for reason in campaigns.skip_reasons(opened, AS_OF)["reason_code"]
            for row in campaigns.skips(opened, AS_OF, reason).to_dict("records")
        ]
    company_of = {row["id"]: row["company_id"] for row in contacts()}
    taken = []
    for companies in ({"norte"}, {"main"}):
        with acting(Actor("max@example.com", "manager", frozenset(companies))):
            for contact_id in shown:
                if company_of[contact_id] not in companies:
                    with pytest.raises(NotAllowed):
                        campaigns.sample(contact_id)
                    with pytest.raises(NotAllowed):
                        campaigns.sample_file(contact_id, "invoices.pdf")
                    continue
                sample = campaigns.sample(contact_id)
                assert isinstance(sample, Preview)
                files = [campaigns.sample_file(contact_id, name) for name in sample.files if name.endswith(".pdf")]
                assert all(file.content.startswith(b"%PDF") and file.rows for file in files)
                taken += files
    assert taken, "a message with a file"
    with transaction(Role.admin) as connection:
        of_main = rows(connection, "select skip_id from ops.contact_skips where company_id = 'main'")
    assert of_main and {row["skip_id"] for row in of_main} <= set(skips)
    assert all(campaigns.refusals(row["skip_id"]) for row in of_main)
    with acting(Actor("max@example.com", "manager", frozenset({"norte"}))):
        assert not any(campaigns.refusals(row["skip_id"]) for row in of_main)


def test_one_plan_is_approved_by_itself_and_the_sharpest_first(planned: int) -> None:
    with transaction(Role.reader) as connection:
        (plan,) = waiting.plans(connection)
        seen = waiting.look(connection, plan["plan_id"])
    report = approve_seen(seen, limit=1, approved_by="ana")
    (approved,) = contacts("approved")
    assert report == ApproveReport(1, planned - 1)
    assert [(row["contacts"], row["customer_ids"]) for row in report.parts] == [(1, [approved["customer_id"]])]
    assert approved["offset_days"] == max(row["offset_days"] for row in contacts())


def test_a_reason_leads_to_the_customers_and_to_what_said_no(open_page: OpenPage, planned: int) -> None:
    app = open_page("campaigns")
    reasons = _table(app, "skips")
    assert sum(reasons["skips"]) > 0
    with reading() as opened:
        for row in campaigns.skip_reasons(opened, AS_OF).to_dict("records"):
            found = campaigns.skips(opened, AS_OF, row["reason_code"])
            assert len(found) == row["skips"] and found["customer_id"].nunique() == row["customers"], row
            assert campaigns.refusals(found["skip_id"].iloc[0]), row
    app = open_page("campaigns", skip_reason=row["reason_code"])
    assert "Left in peace: " in said(app) and re.search(f"{row['skips']} rows?: ", said(app))


@pytest.mark.parametrize("part", ["waiting", "results", "calendar", "experiments", "ghosts"])
@pytest.mark.parametrize("language", ["EN", "ES", "PT"])
def test_nothing_planned_yet(open_page: OpenPage, part: str, language: str) -> None:
    publish_items(sample_items())
    app = open_page("campaigns", look=part, lang=language)
    assert not app.error and not app.exception and not app.metric
    assert app.info or part == "calendar"


def test_one_contact(open_page: OpenPage) -> None:
    publish_items([item("1", AS_OF - dt.timedelta(days=10), "100")])
    reachable()
    plan_reminders()
    for part in ("waiting", "results", "calendar"):
        app = open_page("campaigns", look=part)
        assert not app.error and not app.exception, part
    assert _approve_button(open_page("campaigns")).label == "Approve 1 message"


def test_a_failing_query_shows_no_figure(
    open_page: OpenPage, planned: int, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr("cartera.reminders.waiting.steps", lambda *_, **__: 1 / 0)
    app = open_page("campaigns")
    assert "could not be read" in app.error[0].value and not app.exception
    assert not [button for button in app.button if button.key == "approve"]


def test_a_link_that_asks_for_strangers_gets_the_default(open_page: OpenPage, planned: int) -> None:
    app = open_page("campaigns", look="moon", skip_reason="moon", planned_day="moon", sample="moon", plan="99")
    assert not app.error and not app.exception
    assert "Left in peace: " not in said(app)


def test_amounts_of_currencies_are_never_added(planned: int) -> None:
    with transaction(Role.reader) as connection:
        found = waiting.steps(connection)
        listed = outcomes.waiting(connection, outcomes.Group(), KNOWN_AT, limit=1000)
    sums: dict[str, Decimal] = {}
    for row in listed:
        for code, amount in row["asked_amounts"].items():
            sums[code] = sums.get(code, Decimal(0)) + Decimal(amount)
    stated: dict[str, Decimal] = {}
    for row in found:
        for code, amount in row["amounts"].items():
            stated[code] = stated.get(code, Decimal(0)) + Decimal(amount)
    assert sums == stated and set(stated) == {"PEN", "COP", "USD"}
