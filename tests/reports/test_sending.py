"""Scheduled reports: when they are due, and that each goes out exactly once whatever is killed or missed."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import io
import os
from decimal import Decimal
from email.message import EmailMessage
from typing import Any
from unittest.mock import Mock

import pytest
from psycopg2.errors import CheckViolation
from python_calamine import CalamineWorkbook
from support.report_mail import BEGUN, DOCUMENT, MONDAY, channel, scheduled, statuses
from support.serve_fixture import AS_OF, sample_items

from cartera import users, viewed
from cartera.db import Role, connect, transaction
from cartera.errors import ConfigError
from cartera.reports import schedule, send, store
from cartera.reports.document import Document, Filter, Part
from cartera.reports.schedule import LAST_DAY, When, latest_due
from cartera.sandbox.mailbox.smtp import Mailbox
from cartera.settings import get_settings


@pytest.mark.parametrize(
    ("when", "now", "expected"),
    [
        (When((1,), hour=7, timezone="America/Lima"), "2026-11-23T12:00", "2026-11-23"),
        (When((1,), hour=7, timezone="America/Lima"), "2026-11-23T11:59", "2026-11-16"),
        (When((1, 5), hour=7), "2026-11-22T00:00", "2026-11-20"),
        (When(month_day=LAST_DAY, hour=0), "2026-11-29T23:59", None),
        (When(month_day=LAST_DAY, hour=0), "2026-11-30T00:00", "2026-11-30"),
        (When(month_day=15, hour=23, timezone="Asia/Tokyo"), "2026-11-15T14:00", "2026-11-15"),
        (When(month_day=15, hour=23, timezone="Asia/Tokyo"), "2026-11-15T13:59", None),
        # the day in the recipient's own time zone is already the next one
        (When((2,), hour=1, timezone="Asia/Tokyo"), "2026-11-23T16:00", "2026-11-24"),
    ],
)
def test_a_schedule_is_due_for_the_latest_day(when: When, now: str, expected: str | None) -> None:
    found = latest_due(when, BEGUN, dt.datetime.fromisoformat(now).replace(tzinfo=dt.UTC))
    assert (found[0].isoformat() if found else None) == expected


@pytest.mark.parametrize(("day", "hour"), [("2026-03-29", 2), ("2026-10-25", 2)])
def test_the_days_that_clocks_change_have_one_moment_each(day: str, hour: int) -> None:
    when = When(tuple(range(1, 8)), hour=hour, timezone="Europe/Madrid")
    moments = [when.at(dt.date.fromisoformat(day) + dt.timedelta(days=step)) for step in (-1, 0, 1)]
    assert moments == sorted(set(moments))


@pytest.mark.parametrize(
    ("language", "whom"), [("en", "whoever runs Cartera"), ("es", "quien administra Cartera"),
                           ("pt", "quem administra o Cartera")]
)  # fmt: skip
def test_who_receives_it_is_told_whom_to_ask_to_stop_it(mailbox: Mailbox, language: Any, whom: str) -> None:
    """Where nobody signs in a schedule is local's, whom the recipient knows as nobody."""
    saved = store.save("local", "Mine", DOCUMENT)
    schedule.add("local", saved.report_id, "cfo@example.com", When((1,)), language=language)
    scheduled("other@example.com", language=language)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.report_schedules set active_from = %s", (BEGUN,))
    assert send.send_due(channel(mailbox), MONDAY).sent == 2
    text = {mail["To"]: " ".join(mail.get_body(("plain",)).get_content().split()) for mail in _mails(mailbox)}  # type: ignore[union-attr]
    assert whom in text["cfo@example.com"] and "local" not in text["cfo@example.com"]
    assert "ana." in text["other@example.com"]


def test_nothing_is_due_before_the_schedule_began() -> None:
    assert latest_due(When((1,)), MONDAY, MONDAY + dt.timedelta(hours=3)) is None


def _mails(mailbox: Mailbox) -> list[EmailMessage]:
    contents = [mailbox.store.read(each.id) for each in mailbox.messages()]
    return [email.message_from_bytes(content, policy=email.policy.default) for content in contents]  # type: ignore[misc]


def test_it_is_sent_once_with_what_it_is_of(mailbox: Mailbox) -> None:
    scheduled(language="es", filters=[Filter(column="currency_code", among=("PEN",))])
    assert send.send_due(channel(mailbox), MONDAY).sent == 1
    assert send.send_due(channel(mailbox), MONDAY + dt.timedelta(days=6)).sent == 0
    (mail,) = _mails(mailbox)
    assert mail["To"] == "cfo@example.com" and mail["Subject"] == "Mine a la fecha 30 jun 2026"
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "A la fecha: 30 jun 2026" in text and "Moneda: PEN" in text and "Total PEN" in text and "USD" not in text
    (file,) = mail.iter_attachments()
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(file.get_content())).get_sheet_by_index(0)
    cells = {cell for row in sheet.to_python() for cell in row}
    assert "PEN" in cells and "USD" not in cells
    (row,) = send.deliveries()
    assert row["status"] == "sent" and row["row_count"] > 0
    expected = sum(
        (i.item_amount for i in sample_items() if (i.item_type, i.currency_code) == ("instalment", "PEN")), Decimal(0)
    )
    with transaction(Role.campaign) as connection, connection.cursor() as cursor:
        cursor.execute("select totals, as_of_date from ops.report_deliveries")
        totals, as_of = cursor.fetchone() or ([], None)
    assert Decimal(totals[0]["PEN"]["open_amount"]) == expected and as_of == AS_OF


def test_what_is_sent_is_in_the_log_of_what_was_taken_out(mailbox: Mailbox) -> None:
    schedule_id = scheduled()
    send.send_due(channel(mailbox), MONDAY)
    (mail,) = _mails(mailbox)
    (file,) = mail.iter_attachments()
    (logged,) = viewed.listed()
    assert (logged["kind"], logged["viewed_by"], logged["subject"]) == ("export", "ana", file.get_filename())
    assert logged["row_count"] == send.deliveries()[0]["row_count"] > 0
    given = {"report": "Mine", "recipient": "cfo@example.com", "schedule": schedule_id, "as_of": AS_OF.isoformat()}
    assert logged["filters"].items() >= given.items()
    assert (logged["filters"]["filters"], logged["filters"]["columns"].split(", ")[-1]) == ("none", "Open")


def test_the_log_says_what_left_whatever_becomes_of_the_report(mailbox: Mailbox) -> None:
    """The filters of the report and of its schedule, and of several parts what each has."""
    part, name = DOCUMENT.parts[0], sample_items()[0].customer_name or ""
    narrowed = part.model_copy(update={"filters": (Filter(column="bucket", among=("1-30",)),)})
    saved = store.save("ana", "Parts", Document(parts=(part, narrowed)))
    schedule.add("ana", saved.report_id, "cfo@example.com", When((1,)), filters=[
        Filter(column="currency_code", among=("PEN",)), Filter(column="customer_name", among=(name,))
    ])  # fmt: skip
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.report_schedules set active_from = %s", (BEGUN,))
    assert send.send_due(channel(mailbox), MONDAY).sent == 1
    store.change("ana", saved.report_id, saved.version, document=DOCUMENT)
    (logged,) = viewed.listed()
    own = f"Currency: PEN; Customer: {name}"
    assert logged["filters"]["filters"] == f"Aging: {own} · Aging: Bucket: 1-30 days; {own}"


def test_who_signs_in_is_in_the_log_with_their_role(mailbox: Mailbox) -> None:
    users.add("eva@example.com", "manager", ["main"], "test")
    saved = store.save("eva@example.com", "Hers", DOCUMENT)
    schedule.add("eva@example.com", saved.report_id, "cfo@example.com", When((1,)))
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.report_schedules set active_from = %s", (BEGUN,))
    assert send.send_due(channel(mailbox), MONDAY).sent == 1
    (logged,) = viewed.listed(viewed_by="eva@example.com")
    assert (logged["role"], logged["filters"]["recipient"]) == ("manager", "cfo@example.com")


def test_what_cannot_be_logged_is_not_sent(mailbox: Mailbox) -> None:
    scheduled()
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("alter table ops.views_logged add constraint full_disk check (kind = 'customer')")
    with pytest.raises(CheckViolation):
        send.send_due(channel(mailbox), MONDAY)
    assert mailbox.messages() == [] and statuses() == [("2026-11-23", "claimed")]
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("alter table ops.views_logged drop constraint full_disk")
    send.send_due(channel(mailbox), MONDAY)
    assert statuses() == [("2026-11-23", "sent")]


def test_missed_runs_catch_up_once(mailbox: Mailbox) -> None:
    scheduled(when=When(tuple(range(1, 8))))
    assert send.send_due(channel(mailbox), MONDAY).sent == 1
    assert send.send_due(channel(mailbox), MONDAY + dt.timedelta(days=9)).sent == 1
    assert len(mailbox.messages()) == 2
    assert statuses() == [("2026-12-02", "sent"), ("2026-11-23", "sent")]


@pytest.mark.parametrize("point", ["claimed", "made", "before_call", "after_call"])
@pytest.mark.parametrize("can_look_up", [True, False], ids=["own mailbox", "server of others"])
def test_killed_anywhere_it_arrives_once_or_is_said_to_be_unknown(
    mailbox: Mailbox, point: str, can_look_up: bool
) -> None:
    schedule_id = scheduled()
    child = os.fork()
    if child == 0:
        # a sender that is gone at once, as by `kill -9`: nothing is cleaned up
        send.send_due(
            channel(mailbox, can_look_up=can_look_up), MONDAY, at=lambda p: os._exit(9) if p == point else None
        )
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    later = MONDAY + dt.timedelta(hours=1)
    for _ in range(3):
        _settled(mailbox, can_look_up, later)
    handed = point in ("before_call", "after_call")
    if handed and not can_look_up:
        assert statuses() == [("2026-11-23", "unknown")]
        assert len(mailbox.messages()) == (point == "after_call")
        send.settle(schedule_id, MONDAY.date(), was_sent=point == "after_call")
        send.send_due(channel(mailbox, can_look_up=False), later)
    assert statuses() == [("2026-11-23", "sent")] and len(mailbox.messages()) == 1
    assert len({message.message_id for message in mailbox.messages()}) == 1


def _settled(mailbox: Mailbox, can_look_up: bool, now: dt.datetime) -> None:
    """The server may take a moment to see that a killed sender is gone, and to give its lock free."""
    for _ in range(100):
        with send._alone() as is_alone:
            if is_alone:
                break
    send.send_due(channel(mailbox, can_look_up=can_look_up), now)


def test_two_senders_at_once_send_once(mailbox: Mailbox) -> None:
    scheduled()
    inner: list[int] = []

    def again(point: str) -> None:
        if point == "before_call":
            inner.append(send.send_due(channel(mailbox), MONDAY).sent)

    assert send.send_due(channel(mailbox), MONDAY, at=again).sent == 1
    assert inner == [0] and len(mailbox.messages()) == 1


def test_an_empty_one_is_skipped_unless_asked_for(mailbox: Mailbox) -> None:
    nobody = [Filter(column="open_amount", at_least=Decimal("1e15"))]
    scheduled(filters=nobody)
    scheduled("b@example.com", filters=nobody, skips_empty=False)
    report = send.send_due(channel(mailbox), MONDAY)
    assert (report.sent, report.skipped) == (1, 1)
    (mail,) = _mails(mailbox)
    body = mail.get_body(("plain",))
    assert mail["To"] == "b@example.com" and body is not None and "No row meets the filters" in body.get_content()


def test_what_the_server_refuses_is_failed_and_what_it_puts_off_is_tried_again(mailbox: Mailbox) -> None:
    scheduled("bad@example.com")
    scheduled("busy@example.com")
    for _ in range(send.MOST_ATTEMPTS):
        send.send_due(channel(mailbox), MONDAY)
    rows = {row["recipient"]: row for row in send.deliveries()}
    assert rows["bad@example.com"]["status"] == rows["busy@example.com"]["status"] == "failed"
    assert "550" in rows["bad@example.com"]["answer"] and "attempts" in rows["busy@example.com"]["answer"]
    assert mailbox.messages() == []


def test_the_next_walk_does_not_wait_for_the_session_of_the_last(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that has much to do ends a session a while after it was closed."""
    still_open = []

    def connect_for_long(*how: Any, **more: Any) -> Any:
        session = connect(*how, **more)
        still_open.append(session)
        return Mock(wraps=session, close=lambda: None)

    monkeypatch.setattr(send, "connect", connect_for_long)
    send.send_due(channel(mailbox), MONDAY)
    scheduled()
    assert send.send_due(channel(mailbox), MONDAY).sent == 1
    for session in still_open:
        session.close()


def test_an_ended_schedule_and_a_report_no_longer_shared_send_nothing(mailbox: Mailbox) -> None:
    schedule_id = scheduled()
    schedule.end("ana", schedule_id)
    shared = store.save("ana", "Shared", DOCUMENT, is_shared=True)
    other = schedule.add("luis", shared.report_id, "luis@example.com", When((1,)))
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.report_schedules set active_from = %s", (BEGUN,))
    store.change("ana", shared.report_id, 1, is_shared=False)
    report = send.send_due(channel(mailbox), MONDAY)
    assert (report.sent, report.failed) == (0, 1) and mailbox.messages() == []
    assert [row["schedule_id"] for row in send.deliveries()] == [other]


def test_a_schedule_over_what_is_gone_fails_alone_and_says_why(mailbox: Mailbox) -> None:
    whole = scheduled()
    gone = store.save("ana", "Gone", DOCUMENT)
    over_gone = schedule.add("ana", gone.report_id, "a@example.com", When((1,)))
    own = schedule.add("ana", "auditor_aging", "b@example.com", When((1,)))
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.report_schedules set active_from = %s", (BEGUN,))
        cursor.execute("update ops.reports set document = '{\"parts\": []}' where name = 'Gone'")
        cursor.execute(
            'update ops.report_schedules set filters = \'[{"column": "x", "gone": 1}]\' where recipient like \'b@%\''
        )
    report = send.send_due(channel(mailbox), MONDAY)
    assert (report.sent, report.failed) == (1, 2)
    answers = {row["schedule_id"]: (row["status"], row["answer"]) for row in send.deliveries()}
    assert answers[whole][0] == "sent" and [mail["To"] for mail in _mails(mailbox)] == ["cfo@example.com"]
    assert answers[over_gone][0] == "failed" and answers[over_gone][1].startswith("Gone: the report is not possible")
    assert answers[own][0] == "failed" and "the filter is not possible" in answers[own][1]


def test_a_person_of_some_companies_is_sent_theirs_alone(mailbox: Mailbox) -> None:
    """As they stand on the day of sending: whoever was let out is sent nothing more."""
    by_company = Document(parts=(Part(mart="aging", dimensions=("company_id",), measures=("open_amount",)),))
    saved = store.save("eva@example.com", "By company", by_company)
    with pytest.raises(ConfigError, match="may not sign in"):
        schedule.add("eva@example.com", saved.report_id, "eva@example.com", When((1,)))
    users.add("eva@example.com", "manager", ["norte"], "test")
    identifier = schedule.add("eva@example.com", saved.report_id, "eva@example.com", When((1,)))
    each = next(each for each in schedule.schedules() if each.schedule_id == identifier)
    users.remove("eva@example.com", "test")
    with pytest.raises(ConfigError, match="may not sign in"):
        send.made_for(each)
    users.add("eva@example.com", "manager", ["norte"], "test")
    assert {row["company_id"] for row in send.made_for(each).tables[0].rows} == {"norte"}
    users.add("eva@example.com", "manager", [], "test")
    assert {row["company_id"] for row in send.made_for(each).tables[0].rows} == {"main", "norte"}


def test_reports_leave_for_the_domains_that_are_named_alone(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that were scheduled before."""
    scheduled("cfo@elsewhere.example")
    monkeypatch.setenv("CARTERA_REPORT_DOMAINS", "acme.example, Example.com")
    get_settings.cache_clear()
    with pytest.raises(ConfigError, match=r"addresses of acme\.example, example\.com alone"):
        scheduled("cfo@not-example.com")
    scheduled("cfo@EXAMPLE.com")
    report = send.send_due(channel(mailbox), MONDAY)
    assert (report.sent, report.failed) == (1, 1)
    assert [mail["To"] for mail in _mails(mailbox)] == ["cfo@example.com"]
    assert "cfo@elsewhere.example is none" in str([row["answer"] for row in send.deliveries()])


@pytest.mark.parametrize(
    "given",
    [
        {"recipient": "no address"},
        {"recipient": "a@example.com\r\nBcc: b@example.com"},
        {"when": When()},
        {"when": When((1,), 5)},
        {"when": When((8,))},
        {"when": When(month_day=30)},
        {"when": When((1,), hour=24)},
        {"when": When((1,), timezone="Mars/Base")},
        {"filters": [Filter(column="reason", among=("x",))]},
    ],
)
def test_what_can_not_be_scheduled_is_refused(database: str, given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        scheduled(**given)


def test_the_subject_holds_no_header_of_its_own(mailbox: Mailbox) -> None:
    saved = store.save("ana", "=?utf-8?q?x?= Bcc: x@example.com", DOCUMENT)
    schedule.add("ana", saved.report_id, "cfo@example.com", When((1,)))
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.report_schedules set active_from = %s", (BEGUN,))
    assert send.send_due(channel(mailbox), MONDAY).sent == 1
    (mail,) = _mails(mailbox)
    assert mail["Bcc"] is None and mail["Subject"].startswith("= ?utf-8")
