"""Law 7 in the ledger: windows, what waits for them, and what is asked again when a message is about to leave."""

from __future__ import annotations

import datetime as dt
import json
from functools import partial
from typing import Any

import pytest
from reminder_provider import Till
from reminder_world import AS_OF, World, channel_to, contacts, query
from typer.testing import CliRunner

from cartera.cli import commands
from cartera.db import Role, transaction
from cartera.reminders import (
    EmailChannel,
    approve_reminders,
    ledger,
    looks,
    outbox,
    plan_reminders,
    recheck,
    send_reminders,
)
from cartera.reminders.consents import authorise_all, say
from cartera.reminders.model import Reason
from cartera.sandbox.mailbox import Mailbox
from cartera.settings import get_settings

SATURDAY = dt.date(2026, 7, 4)
LIMA = {"country_code": "PE", "timezone": "America/Lima"}


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute), tzinfo=dt.UTC)


def owes_in_lima(world: World, customer_id: str = "ana") -> None:
    world.customer(customer_id, **LIMA)
    world.owes(customer_id, due=-9)
    world.publish()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[dt.datetime]:
    """What real sending takes for now: the last moment of the list."""
    moments = [at(AS_OF, 15)]
    for module in (looks, outbox, recheck):
        monkeypatch.setattr(module, "utc_now", lambda: moments[-1])
    return moments


@pytest.fixture
def real(mailbox: Mailbox) -> EmailChannel:
    """A channel that is taken for one to real people."""
    channel = channel_to(mailbox)
    channel.is_real = True
    return channel


TOMORROW = AS_OF + dt.timedelta(days=1)
HALF_PAST_SIX = at(TOMORROW, 0, 30)
"""In the evening of AS_OF in Mexico City, when figures of the next day may have been published already."""


def hold_until(day: dt.date, customer_id: str = "ana") -> None:
    """Without a word of the desk, whose actions are counted beside."""
    query(
        "insert into ops.contact_holds (customer_id, reason, held_by, held_at, held_until)"
        f" values ('{customer_id}', 'on leave', 'test', '{at(AS_OF, 16)}', '{day}') returning 1"
    )


def approved_in_mexico(world: World, **columns: Any) -> None:
    world.customer("ana", **{"country_code": "MX", "timezone": "America/Mexico_City"} | columns)
    world.owes("ana", due=-9)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")


# of a customer whose time zone is not known it is still the evening in the westernmost one of the country
@pytest.mark.parametrize("timezone", ["America/Mexico_City", None, "Nowhere/City"])
def test_on_the_last_evening_of_a_hold_nobody_is_written_to_on_figures_of_the_next_day(
    world: World, mailbox: Mailbox, real: EmailChannel, clock: list[dt.datetime], timezone: str | None
) -> None:
    approved_in_mexico(world, timezone=timezone)
    hold_until(AS_OF)
    world.publish(TOMORROW)
    clock.append(HALF_PAST_SIX)
    report = send_reminders({"email": real})
    assert (report.sent, report.skipped) == (0, {Reason.on_hold: 1}) and not mailbox.messages()
    assert plan_reminders().planned == 1, "for the day after, on which it is over"
    approve_reminders(approved_by="test")
    clock.append(at(TOMORROW, 15))
    assert send_reminders({"email": real}).sent == 1


def test_a_hold_is_over_when_its_day_is_over_where_the_customer_is(
    world: World, real: EmailChannel, clock: list[dt.datetime]
) -> None:
    approved_in_mexico(world)
    hold_until(AS_OF)
    world.publish(TOMORROW)
    clock.append(HALF_PAST_SIX)
    with transaction(Role.campaign) as connection:
        (contact,) = outbox.reserve(
            connection, 1, {"email": real}, plan_id=None, lease=dt.timedelta(minutes=5), limit=1, tried=()
        )
        found = []
        for moment in (HALF_PAST_SIX, at(TOMORROW, 5, 59), at(TOMORROW, 6), at(TOMORROW, 15)):
            clock.append(moment)
            verdicts = recheck.recheck(
                connection, [contact], partial(ledger.policy_of, connection), get_settings(), is_real=True
            )
            found.append(verdicts[contact["contact_id"]].reason)
    assert found == [Reason.on_hold, Reason.on_hold, Reason.not_now_by_law, None], "at midnight the hours are over too"


def test_the_last_look_knows_a_hold_in_its_last_evening(
    world: World, mailbox: Mailbox, real: EmailChannel, clock: list[dt.datetime]
) -> None:
    approved_in_mexico(world)
    world.publish(TOMORROW)
    clock.append(HALF_PAST_SIX)

    def at_point(name: str) -> None:
        if name == "before_call" and not query("select 1 from ops.contact_holds"):
            hold_until(AS_OF)

    report = send_reminders({"email": real}, at=at_point)
    assert (report.sent, report.skipped) == (0, {Reason.on_hold: 1}) and not mailbox.messages()


def test_a_try_in_the_sandbox_goes_by_the_day_of_its_figures(
    world: World, channel: EmailChannel, clock: list[dt.datetime]
) -> None:
    approved_in_mexico(world)
    hold_until(AS_OF)
    clock.append(HALF_PAST_SIX)
    world.publish(TOMORROW)
    assert send_reminders({"email": channel}).sent == 1


def test_a_contact_has_the_lawful_hours_of_its_day(world: World) -> None:
    owes_in_lima(world)
    plan_reminders()
    (contact,) = contacts()
    assert (contact["send_from"], contact["send_until"]) == (at(AS_OF, 12), at(AS_OF + dt.timedelta(days=1), 1))
    answers = query("select detail -> 'answers' as answers from ops.contact_events")[0]["answers"]
    assert {"rule": "pe_message_hours (default)", "saw": "Tue 2026-06-30 07:00 in America/Lima; that day: 07:00-20:00",
            "passed": True} in answers  # fmt: skip


def test_nobody_is_planned_for_a_day_that_the_law_closes(world: World) -> None:
    owes_in_lima(world)
    world.publish(SATURDAY)
    assert plan_reminders().skips == {Reason.not_now_by_law: 1}
    (skip,) = query("select reason_code, answers from ops.contact_skips")
    assert skip["answers"][-1]["saw"].startswith("the next is 2026-07-06 12:00 UTC")
    assert any("pe_message_hours" in answer["rule"] and not answer["passed"] for answer in skip["answers"])
    world.publish(SATURDAY + dt.timedelta(days=2))
    assert plan_reminders().planned == 1


def test_without_consent_no_consumer_in_colombia_is_written_to(world: World) -> None:
    world.customer("ana", country_code="CO", timezone="America/Bogota")
    world.owes("ana", due=-9)
    world.publish()
    assert plan_reminders().skips == {Reason.not_by_law: 1}
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.contact_preferences (customer_id, channel, kind, by)"
            " values ('ana', 'email', 'authorised', 'test')"
        )
    assert plan_reminders().planned == 1


def test_who_agreed_is_written_down_for_many_at_once_and_never_against_their_word(world: World) -> None:
    for customer in ("ana", "bea", "eva"):
        world.customer(customer, country_code="CO", timezone="America/Bogota", customer_type="Persona natural")
        world.owes(customer, due=-9)
    world.customer("firma", country_code="CO", timezone="America/Bogota", customer_type="Empresa")
    world.owes("firma", due=-9)
    world.publish()
    say("eva", None, None, is_authorised=False, reason="she wants none", recorded_by="test")
    assert authorise_all(["ana", "eva"], "email", reason="agreed", recorded_by="test") == 1
    assert authorise_all(["ana", "eva"], "email", reason="agreed", recorded_by="test") == 0
    report = plan_reminders()
    # a company needs no consent; a person who said nothing does
    assert {contact.customer_id for contact in report.contacts.values()} == {"ana", "firma"}
    assert report.skips == {Reason.not_by_law: 1, Reason.opted_out: 1}


@pytest.mark.parametrize(
    ("hour", "minute", "sent"),
    [(11, 59, 0), (12, 0, 1), (24, 59, 1), (25, 0, 0)],
    ids=["06:59", "07:00", "19:59", "20:00"],
)
def test_real_people_are_written_to_within_the_window_only(
    world: World, mailbox: Mailbox, real: EmailChannel, clock: list[dt.datetime], hour: int, minute: int, sent: int
) -> None:
    owes_in_lima(world)
    plan_reminders()
    approve_reminders(approved_by="test")
    clock.append(at(AS_OF, 0) + dt.timedelta(hours=hour, minutes=minute))
    report = send_reminders({"email": real})
    assert (report.sent, report.outside_window) == (sent, 1 - sent)
    assert len(mailbox.messages()) == sent
    assert contacts()[0]["status"] == ("sent" if sent else "approved")


def test_after_its_window_a_contact_waits_for_the_next_plan_and_keeps_its_approval(
    world: World, real: EmailChannel, clock: list[dt.datetime]
) -> None:
    owes_in_lima(world)
    plan_reminders()
    approve_reminders(approved_by="test")
    tomorrow = AS_OF + dt.timedelta(days=1)
    clock.append(at(tomorrow, 15))
    assert send_reminders({"email": real}).outside_window == 1
    world.publish(tomorrow)
    report = plan_reminders()
    assert (report.planned, report.kept) == (0, 1)
    assert contacts()[0]["send_from"] == at(tomorrow, 12)
    assert send_reminders({"email": real}).sent == 1


def test_what_waits_for_a_gateway_waits_within_its_window_and_is_then_planned_anew(
    world: World, mailbox: Mailbox, real: EmailChannel, clock: list[dt.datetime]
) -> None:
    world.customer("ana", **LIMA)
    world.owes("ana", due=-9, item_id="pay:in_1")
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    till = Till(is_down=True)
    for hour in (15, 16, 24):
        clock.append(at(AS_OF, 0) + dt.timedelta(hours=hour))
        report = send_reminders({"email": real}, gateways=till)
        assert (report.sent, report.later, report.outside_window) == (0, 1, 0)
    # the gateway is there again, the lawful hours are over
    till.is_down = False
    clock.append(at(AS_OF, 0) + dt.timedelta(hours=26))
    asked = len(till.asked)
    assert send_reminders({"email": real}, gateways=till).outside_window == 1
    assert mailbox.messages() == [] and len(till.asked) == asked
    tomorrow = AS_OF + dt.timedelta(days=1)
    world.publish(tomorrow)
    report = plan_reminders()
    assert (report.planned, report.kept) == (0, 1)
    assert contacts()[0]["send_from"] == at(tomorrow, 12)
    clock.append(at(tomorrow, 15))
    assert send_reminders({"email": real}, gateways=till).sent == 1
    assert len(mailbox.messages()) == 1


def test_a_slow_queue_sends_nothing_after_hours(
    world: World, mailbox: Mailbox, real: EmailChannel, clock: list[dt.datetime]
) -> None:
    """Reserved at 19:59, about to be handed over at 20:00: the look before the hand-over says no."""
    owes_in_lima(world)
    plan_reminders()
    approve_reminders(approved_by="test")
    clock.append(at(AS_OF + dt.timedelta(days=1), 0, 59))

    def late(point: str) -> None:
        if point == "before_call":
            clock.append(at(AS_OF + dt.timedelta(days=1), 1))

    report = send_reminders({"email": real}, at=late)
    assert report.sent == 0
    assert report.skipped == {Reason.not_now_by_law: 1}
    assert mailbox.messages() == []
    # it was skipped, not lost: the next day plans it anew
    world.publish(AS_OF + dt.timedelta(days=1))
    assert plan_reminders().planned == 1


def test_the_sandbox_asks_for_the_day_again(world: World, channel: EmailChannel) -> None:
    owes_in_lima(world)
    plan_reminders()
    approve_reminders(approved_by="test")
    world.publish(SATURDAY)
    assert send_reminders({"email": channel}).skipped == {Reason.not_now_by_law: 1}


def test_what_was_sent_before_counts_for_the_next_message(world: World, channel: EmailChannel) -> None:
    world.customer("ana", country_code="CL", timezone="America/Santiago")
    world.owes("ana", due=-9)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    assert send_reminders({"email": channel}).sent == 1
    asked = [
        "rules",
        "check",
        "--customer",
        "ana",
        "--channel",
        "email",
        "--at",
        "2026-07-01T10:00",
        "--format",
        "json",
    ]
    result = CliRunner().invoke(commands(), asked)
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["reason"]) == (1, "spacing")
    asked[asked.index("2026-07-01T10:00")] = "2026-07-03T10:00"
    assert CliRunner().invoke(commands(), asked).exit_code == 0


def test_a_customer_on_hold_is_not_lawful_to_contact_on_the_command_line(world: World) -> None:
    owes_in_lima(world)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.contact_holds (customer_id, reason, held_by, held_at) values ('ana', 'x', 'test', %s)",
            (at(AS_OF, 0),),
        )
    asked = [
        "rules",
        "check",
        "--customer",
        "ana",
        "--channel",
        "email",
        "--at",
        "2026-07-02T10:00",
        "--format",
        "json",
    ]
    result = CliRunner().invoke(commands(), asked)
    assert json.loads(result.stdout)["reason"] == "hold"


@pytest.mark.parametrize("day", [AS_OF, SATURDAY])
def test_what_is_explained_is_what_is_planned(world: World, day: dt.date) -> None:
    """A customer of unknown country, one in Lima, one in Mexico: the same answer by both ways, law included."""
    world.customer("ana", **LIMA)
    world.customer("nowhere", country_code=None, timezone=None)
    for customer in ("ana", "bea", "nowhere"):
        world.owes(customer, due=-9)
    world.publish()
    said = {}
    for customer in ("ana", "bea", "nowhere"):
        asked = ["reminders", "explain", customer, "--as-of", day.isoformat(), "--format", "json"]
        result = CliRunner().invoke(commands(), asked, catch_exceptions=False)
        said[customer] = json.loads(result.stdout)["now"][0]["verdict"]
    plan_reminders(day)
    planned = {contact["customer_id"]: f"would be written to: {contact['step_name']}" for contact in contacts()}
    skipped = query("select customer_id, reason_code from ops.contact_skips")
    left = {skip["customer_id"]: f"is left in peace: {skip['reason_code']}" for skip in skipped}
    assert {customer: verdict.removesuffix(" by email") for customer, verdict in said.items()} == planned | left
    assert said["nowhere"] == "is left in peace: not_by_law"
