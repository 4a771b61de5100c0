"""Channel and hour by what worked before: the rule on its own, in planning, in `explain`, and replayed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extras import execute_values
from reminder_world import AS_OF, EVER, FOREVER, World, contacts, query

from cartera.db import Role, transaction
from cartera.reminders import EmailChannel, approve_reminders, plan_reminders, send_reminders
from cartera.reminders.adapt import CHANNEL_RULE, HOUR_RULE, LEAST, order, wait_for_hour
from cartera.reminders.explain import explain
from cartera.reminders.model import Customer, Sent
from cartera.reminders.policy import Channel
from cartera.reminders.simulate import simulate
from cartera.sandbox.mailbox import Mailbox

WRITTEN: tuple[Channel, ...] = ("email", "sms", "whatsapp")
LIMA = Customer("ana", country_code="PE")
NOON = dt.datetime(2026, 3, 2, 17, tzinfo=dt.UTC)
DAY = (dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC), dt.datetime(2026, 7, 1, 1, tzinfo=dt.UTC))
"""07:00 to 20:00 in Lima."""


def sent(channel: Channel, worked: int, of: int, hour: int | None = None) -> list[Sent]:
    """So many messages, of which some worked; answered at an hour of Lima where one is given."""
    answered = dt.datetime(2026, 3, 2, tzinfo=dt.UTC) + dt.timedelta(hours=hour + 5) if hour is not None else None
    return [Sent(channel, NOON, number < worked, answered if number < worked else None) for number in range(of)]


@pytest.mark.parametrize(
    ("evidence", "wanted", "says"),
    [
        ([], WRITTEN, None),
        (sent("sms", 2, 2), WRITTEN, "worked: sms 2 of 2; less than 3 of each: email, sms, whatsapp as the policy"),
        (sent("email", 1, 4) + sent("sms", 3, 4), ("sms", "email", "whatsapp"), "worked: email 1 of 4, sms 3 of 4; so"),
        (sent("email", 2, 4) + sent("sms", 4, 8), WRITTEN, "no reason to change"),
        # of e-mail too little is known: it keeps its place, however well the others did
        (
            sent("email", 0, 2) + sent("sms", 1, 3) + sent("whatsapp", 3, 3),
            ("email", "whatsapp", "sms"),
            "so email, wh",
        ),
        (sent("email", 0, 3) + sent("whatsapp", 1, 9), ("whatsapp", "sms", "email"), "so whatsapp, sms, email"),
    ],
)
def test_the_order_of_channels(evidence: list[Sent], wanted: tuple[str, ...], says: str | None) -> None:
    found, answer = order(WRITTEN, evidence)
    assert found == wanted
    assert (answer is None) == (says is None)
    if answer and says:
        assert answer.passed and says in answer.saw and answer.rule == CHANNEL_RULE


def test_one_channel_needs_no_order() -> None:
    assert order(("email",), sent("email", 0, 9)) == (("email",), None)


@given(st.lists(st.tuples(st.sampled_from(WRITTEN), st.booleans()), max_size=40))
def test_an_order_is_the_same_channels_and_does_not_hang_on_the_order_of_evidence(
    drawn: list[tuple[Channel, bool]],
) -> None:
    evidence = [Sent(channel, NOON, worked) for channel, worked in drawn]
    found, _ = order(WRITTEN, evidence)
    assert sorted(found) == sorted(WRITTEN)
    assert found == order(WRITTEN, evidence[::-1])[0]
    share = {
        channel: sum(worked for each, worked in drawn if each == channel) / count
        for channel in WRITTEN
        if (count := sum(each == channel for each, _ in drawn)) >= LEAST
    }
    ranked = [share[channel] for channel in found if channel in share]
    assert ranked == sorted(ranked, reverse=True)


def test_the_hour_is_that_of_the_answers() -> None:
    window, answer = wait_for_hour(DAY, LIMA, sent("email", 3, 5, hour=16))
    assert window == (dt.datetime(2026, 6, 30, 20, tzinfo=dt.UTC), DAY[1])  # 15:00 in Lima
    assert answer and answer.saw.endswith("America/Lima: not before 2026-06-30 20:00 UTC")


@pytest.mark.parametrize(
    ("evidence", "says"),
    [
        (sent("email", 2, 2, hour=16), "3 and more than half are needed"),
        (sent("email", 3, 3, hour=16) + sent("sms", 3, 3, hour=10), "3 and more than half are needed"),
        (sent("email", 9, 9, hour=4), "outside the lawful hours"),
        (sent("email", 9, 9, hour=22), "outside the lawful hours"),
    ],
)
def test_without_reason_the_hour_stays(evidence: list[Sent], says: str) -> None:
    window, answer = wait_for_hour(DAY, LIMA, evidence)
    assert window == DAY and answer and answer.passed and says in answer.saw


def test_what_was_paid_without_an_answer_suits_at_the_hour_it_went_out() -> None:
    window, _ = wait_for_hour(DAY, LIMA, sent("email", 4, 4))  # all at noon
    assert window == (NOON.replace(month=6, day=30), DAY[1])


def test_where_no_time_zone_is_known_no_hour_is() -> None:
    nowhere = Customer("ana", country_code="US")
    assert wait_for_hour(DAY, nowhere, sent("email", 9, 9, hour=16)) == (DAY, None)
    assert wait_for_hour(None, LIMA, sent("email", 9, 9, hour=16)) == (None, None)


@given(st.lists(st.integers(0, 23), max_size=12), st.integers(1, 72), st.sampled_from(["PE", "CL", "BR", None]))
def test_an_hour_only_takes_away_from_the_window(hours: list[int], length: int, country: str | None) -> None:
    window = (DAY[0], DAY[0] + dt.timedelta(hours=length))
    evidence = [each for hour in hours for each in sent("email", 1, 1, hour=hour)]
    found, _ = wait_for_hour(window, Customer("ana", country_code=country), evidence)
    assert found and window[0] <= found[0] < found[1] == window[1]


# through the ledger

POLICY: dict[str, Any] = {
    "name": "adapting", "adapt": True,
    "steps": [{"name": "first", "offset_days": 1, "template": "overdue", "channels": ["email", "sms"]},
              {"name": "second", "offset_days": 8, "template": "overdue", "channels": ["email", "sms"]}],
    "creditor": {"name": "Acreedor", "contact_name": "Cobranzas", "email": "cobranzas@acreedor.pe"},
}  # fmt: skip
START = AS_OF - dt.timedelta(days=120)


class Past:
    """Contacts of the past, with what became of them, written straight into the ledger."""

    def __init__(self, world: World, tmp_path: Path) -> None:
        self.world, self.number = world, 0
        self.path = tmp_path / "adapting.yaml"
        self.write()
        world.customer("ana", phone="+51987654321", country_code="PE", timezone="America/Lima")
        world.owes("ana", due=-3)
        world.publish()
        self._run(
            "create function marts_a.clock_timestamp() returns timestamptz language sql as"
            " $$ select current_setting('cartera.moment')::timestamptz $$;"
            "insert into ops.contact_plans (policy_name, policy, as_of_date, known_at, publication_id, planned_by)"
            " values ('old', '{}', %s, now(), 1, 'test');"
            "insert into ops.contact_preferences (customer_id, channel, kind, by, at)"
            " values ('ana', 'sms', 'authorised', 'test', %s)",
            (START, EVER),
        )
        world.publish()

    def write(self, **changes: Any) -> None:
        self.path.write_text(yaml.safe_dump(POLICY | changes), encoding="utf-8")

    def _run(self, sql: str, values: tuple[Any, ...]) -> None:
        with transaction(Role.admin) as connection, connection.cursor() as cursor:
            cursor.execute(sql, values)

    def sent(self, channel: str, became: str = "sent", hour: int = 15, on: dt.date | None = None) -> dt.date:
        """One more message, a week after the one before; `hour` UTC of what became of it. The day that it went."""
        self.number += 1
        day = START + dt.timedelta(days=self.number * 8)
        handed = dt.datetime.combine(day, dt.time(13), tzinfo=dt.UTC)
        happened = dt.datetime.combine(on or day, dt.time(hour), tzinfo=dt.UTC)
        # the ledger takes the moment of an event from the database's clock
        self._run(
            "select set_config('cartera.moment', %s, true), set_config('search_path', 'marts_a, pg_catalog', true);"
            "with c as (insert into ops.contacts (contact_id, plan_id, channel, policy_name, step_name, offset_days,"
            " template, cycle, company_id, customer_id, recipient, language_code, planned_date, contact_date, status,"
            " message_id, handed_at) values (gen_random_uuid(), 1, %s, 'old', %s, 1, 'overdue', 'x', 'main', 'ana',"
            " 'a@b.pe', 'es', %s, %s, %s, %s, %s) returning contact_id)"
            " insert into ops.contact_events (contact_id, to_status, actor) select contact_id, %s, 'test' from c",
            (happened.isoformat(), channel, f"s{self.number}", day, day, became, str(self.number), handed, became),
        )
        return day

    def paid(self, day: dt.date, **other: Any) -> None:
        row = {"type": "received", "company": "main", "customer": "ana", "code": "PEN", "amount": -50, "on": day,
               "from": EVER, "to": FOREVER}  # fmt: skip
        with transaction(Role.admin) as connection, connection.cursor() as cursor:
            execute_values(cursor, "insert into marts_a.entries values %s", [tuple((row | other).values())])

    def planned(self) -> str:
        report = plan_reminders(policy_path=self.path, dry_run=True)
        assert not report.skips, report.skips
        (contact,) = report.contacts.values()
        return contact.channel


@pytest.fixture
def past(world: World, tmp_path: Path) -> Past:
    return Past(world, tmp_path)


def test_the_channel_that_was_answered_comes_first(past: Past) -> None:
    for _ in range(3):
        past.sent("email")
        past.sent("sms", "answered", hour=21)
    assert past.planned() == "sms"
    past.write(adapt=False)
    assert past.planned() == "email"


def test_a_payment_counts_for_the_last_message_before_it_and_for_a_week(past: Past) -> None:
    emails = [past.sent("email") for _ in range(3)]
    texts = [past.sent("sms") for _ in range(3)]
    for day in texts:
        past.paid(day + dt.timedelta(days=7))
        past.paid(day + dt.timedelta(days=1), company="other")
    for day in emails[1:]:
        past.paid(day - dt.timedelta(days=1), to=EVER)  # withdrawn
        past.paid(day + dt.timedelta(days=2), type="written_off")
    assert past.planned() == "sms"
    for day in emails:
        past.paid(day)
    assert past.planned() == "email"


def test_a_message_that_bounced_did_not_work(past: Past) -> None:
    for _ in range(3):
        past.paid(past.sent("email", "bounced"))
        past.paid(past.sent("sms"))
    assert past.planned() == "sms"


def test_two_of_a_channel_are_not_enough(past: Past) -> None:
    for _ in range(2):
        past.sent("email")
        past.sent("sms", "answered")
    assert past.planned() == "email"


def test_the_choice_and_its_evidence_are_explained(past: Past, mailbox: Mailbox, channel: EmailChannel) -> None:
    for _ in range(3):
        past.sent("sms")
        past.sent("email", "answered", hour=21)  # 16:00 in Lima
    plan_reminders(policy_path=past.path)
    (contact,) = contacts(status="planned")
    assert contact["send_from"] == dt.datetime.combine(AS_OF, dt.time(20), tzinfo=dt.UTC)
    told = {each["rule"]: each["saw"] for each in explain(contact["id"])["events"][0]["detail"]["answers"]}
    assert (
        told[CHANNEL_RULE] == "worked: email 3 of 3, sms 0 of 3; no reason to change: email, sms as the policy has it"
    )
    assert told[HOUR_RULE].startswith(
        "3 of 3 that worked were answered, or went out and were paid, from 15:00 to 18:00"
    )
    now = explain("ana", policy_path=past.path)["now"][0]["answers"]
    assert CHANNEL_RULE in [each["rule"] for each in now]
    # at sending the same is asked, and the same comes out
    approve_reminders(approved_by="test")
    assert send_reminders({"email": channel}).sent == 1 and len(mailbox.messages()) == 1


def test_what_is_learned_meanwhile_is_asked_again_at_sending(past: Past, channel: EmailChannel) -> None:
    days = [past.sent("sms") for _ in range(3)]
    for _ in range(3):
        past.sent("email")
    plan_reminders(policy_path=past.path)
    approve_reminders(approved_by="test")
    for day in days:
        past.paid(day)
    assert send_reminders({"email": channel}).sent == 0
    assert [contact["reason_code"] for contact in contacts(status="skipped")] == ["replaced"]
    assert plan_reminders(policy_path=past.path).planned == 1
    assert contacts(status="planned")[0]["channel"] == "sms"


def test_a_replay_learns_what_was_known_then(past: Past) -> None:
    tomorrow, past.world.landed_on = AS_OF + dt.timedelta(days=1), AS_OF
    past.world.publish(tomorrow)
    for _ in range(3):
        past.sent("email")
        past.sent("sms", "answered", on=tomorrow)

    def replayed(day: dt.date) -> dict[str, int]:
        (replay,) = simulate(day, day, past.path).replays
        return dict(replay.days[day].contacts)

    assert replayed(AS_OF) == {"email": 1}
    assert replayed(tomorrow) == {"sms": 1}
    assert query("select count(*)::int as n from ops.contacts") == [{"n": 6}]
