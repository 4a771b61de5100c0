"""What was not sent the first time: the server or the database was away, it was put off, a newer one is due, a person
has it sent."""

from __future__ import annotations

import datetime as dt

import pytest
from psycopg2.errors import QueryCanceled
from support.report_mail import MONDAY, away, channel, scheduled, statuses

from cartera.errors import CarteraError, ConfigError, DatabaseError, NotPublished, SendError
from cartera.reports import schedule, send
from cartera.reports.made import make_whole
from cartera.reports.schedule import When
from cartera.sandbox.mailbox.smtp import Mailbox


def test_a_server_that_is_away_stops_nothing_for_good(mailbox: Mailbox) -> None:
    scheduled()
    report = send.send_due(away(), MONDAY)
    assert report.sent == 0
    with pytest.raises(SendError):
        report.raise_if_stopped()
    assert send.send_due(channel(mailbox), MONDAY).sent == 1


def test_a_server_that_is_away_for_days_loses_no_report_of_a_month(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes out when the server is back, once; until then nothing is made in vain."""
    scheduled(when=When(month_day=28, hour=7))
    due = dt.datetime(2026, 11, 28, 7, tzinfo=dt.UTC)
    made: list[str] = []
    monkeypatch.setattr(
        send, "make_whole", lambda name, *of, **more: made.append(name) or make_whole(name, *of, **more)
    )
    for walk in range(send.MOST_ATTEMPTS + 2):
        report = send.send_due(away(), due + walk * dt.timedelta(minutes=15))
        assert (report.sent, report.failed, len(report.problems)) == (0, 0, 1)
    (row,) = send.deliveries()
    assert row["status"] == "claimed" and "127.0.0.1:9" in row["answer"] and made == []
    back = due + dt.timedelta(days=3)
    assert [send.send_due(channel(mailbox), back).sent for _ in range(2)] == [1, 0]
    assert len(mailbox.messages()) == len(made) == 1 and statuses() == [("2026-11-28", "sent")]


def test_a_database_that_is_away_is_no_attempt_and_a_query_that_takes_too_long_is(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled()
    why: list[CarteraError] = [DatabaseError("the server is starting up"), NotPublished("nothing is published")]
    too_slow = DatabaseError("the database gave up")
    too_slow.__cause__ = QueryCanceled()

    def made_for(_: schedule.Schedule) -> None:
        raise why[0]

    with monkeypatch.context() as patched:
        patched.setattr(send, "made_for", made_for)
        for _ in range(2):
            for _ in range(send.MOST_ATTEMPTS + 1):
                send.send_due(channel(mailbox), MONDAY)
            assert statuses() == [("2026-11-23", "claimed")]
            why.reverse()
        why.insert(0, too_slow)
        for _ in range(send.MOST_ATTEMPTS):
            send.send_due(channel(mailbox), MONDAY)
    assert statuses() == [("2026-11-23", "failed")] and mailbox.messages() == []


def test_a_person_has_sent_again_what_failed(mailbox: Mailbox) -> None:
    """With all attempts that a new one has; of what failed nobody can say that it was sent."""
    schedule_id = scheduled("busy@example.com")
    for _ in range(send.MOST_ATTEMPTS):
        send.send_due(channel(mailbox), MONDAY)
    assert statuses() == [("2026-11-23", "failed")]
    with pytest.raises(ConfigError, match="is unknown$|is unknown\n"):
        send.settle(schedule_id, MONDAY.date(), was_sent=True)
    send.settle(schedule_id, MONDAY.date(), was_sent=False)
    with pytest.raises(ConfigError, match="is unknown or failed"):
        send.settle(schedule_id, MONDAY.date(), was_sent=False)
    send.send_due(channel(mailbox), MONDAY)
    assert statuses() == [("2026-11-23", "claimed")]
    elsewhere = channel(mailbox)
    elsewhere.redirect_to = "free@example.com"
    assert [send.send_due(elsewhere, MONDAY).sent for _ in range(2)] == [1, 0]
    assert len(mailbox.messages()) == 1 and statuses() == [("2026-11-23", "sent")]


def test_an_older_one_that_never_left_gives_way_to_the_newer(mailbox: Mailbox) -> None:
    scheduled()
    send.send_due(away(), MONDAY)
    assert send.send_due(channel(mailbox), MONDAY + dt.timedelta(days=7)).sent == 1
    assert statuses() == [("2026-11-30", "sent"), ("2026-11-23", "skipped")]
