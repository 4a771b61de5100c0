"""`cartera reminders simulate`: a replay of days lived through says what happened, and leaves no trace."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml
from reminder_world import AS_OF, World, query
from support.databases import fresh_database
from typer.testing import CliRunner, Result

from cartera import landing_steps, pipeline
from cartera.cli import commands
from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.reminders import ledger, plan_reminders
from cartera.reminders.compared import rows
from cartera.reminders.costs import costs
from cartera.reminders.ghosts import PREFIX
from cartera.reminders.ledger import Move
from cartera.reminders.model import Status
from cartera.reminders.preview import preview
from cartera.reminders.simulate import _read_only, simulate
from cartera.sandbox.company import advance_company, make_company
from cartera.settings import get_settings

FIRST = dt.date(2026, 6, 24)
POLICY: dict[str, Any] = {
    "name": "lived",
    "steps": [
        {"name": "first", "offset_days": 1, "template": "overdue"},
        {"name": "second", "days_after_previous": 2, "template": "overdue", "channels": ["email", "call"],
         "fallback_after_days": 2},
    ],
    "minimum_days_between": 2,
    "caps": {"messages_per_week": 3},
    "creditor": {"name": "Acreedor", "contact_name": "Cobranzas", "email": "cobranzas@acreedor.pe"},
}  # fmt: skip


def written(folder: Path, **changes: Any) -> Path:
    path = folder / f"{changes.get('name', POLICY['name'])}.yaml"
    path.write_text(yaml.safe_dump(POLICY | changes), encoding="utf-8")
    return path


class Lived:
    """What the planner really did, day by day: channel or reason -> how often."""

    def __init__(self, policy: Path) -> None:
        self.policy = policy
        self.contacts: dict[dt.date, Counter[str]] = {}
        self.skips: dict[dt.date, Counter[str]] = {}

    def day(self, day: dt.date) -> None:
        report = plan_reminders(day, self.policy)
        self.contacts[day] = Counter(contact.channel for contact in report.contacts.values())
        self.skips[day] = Counter(map(str, report.skips.elements()))
        with transaction(Role.campaign) as connection:
            moves = [Move(contact_id, Status.sent) for contact_id in report.contacts]
            ledger.move_all(connection, moves, (Status.planned,), "test")
            with connection.cursor() as cursor:
                cursor.execute(
                    "update ops.contacts set cost_amount = 0.1 * length(channel), cost_currency_code = 'USD'"
                )


@pytest.fixture(scope="module")
def lived(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """A week of the sandbox company, its books read on three evenings, planned and told on every day."""
    folder = tmp_path_factory.mktemp("lived")
    with fresh_database("lived"), pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARTERA_SOURCES_DIR", str(folder / "sources"))
        get_settings.cache_clear()
        lived = Lived(written(folder))
        make_company(folder / "sandbox", until=FIRST, invoices=2500, customers=60)
        for number in range(7):
            day = FIRST + dt.timedelta(days=number)
            if number % 3 == 0:
                evening = dt.datetime.combine(day, dt.time(20), tzinfo=dt.UTC)
                patch.setattr(landing_steps, "utc_now", lambda at=evening: at)
                advance_company(folder / "sandbox", until=day)
                assert pipeline.run(day, ["sandbox"]).status == "published"
            lived.day(day)
        yield lived


LAST = FIRST + dt.timedelta(days=6)


def test_a_replay_says_what_really_happened(lived: Lived) -> None:
    (replay,) = simulate(FIRST, LAST, lived.policy).replays
    assert {day: tally.contacts for day, tally in replay.days.items()} == lived.contacts
    assert {day: tally.skips for day, tally in replay.days.items()} == lived.skips
    assert sum(lived.contacts.values(), Counter()).keys() == {"email", "call"}
    assert len(set(map(str, sum(lived.skips.values(), Counter())))) > 3


def test_a_replay_that_begins_later_remembers_what_was_told_before(lived: Lived) -> None:
    middle = FIRST + dt.timedelta(days=4)
    (replay,) = simulate(middle, LAST, lived.policy).replays
    assert {day: tally.contacts for day, tally in replay.days.items()} == {
        day: contacts for day, contacts in lived.contacts.items() if day >= middle
    }


def test_nothing_is_stored_and_the_same_comes_out_again(lived: Lived, tmp_path: Path) -> None:
    other = written(tmp_path, name="other", minimum_days_between=5)
    before = everything_in_ops()
    first = rows(simulate(FIRST, LAST, lived.policy, other))
    assert rows(simulate(FIRST, LAST, lived.policy, other)) == first
    assert everything_in_ops() == before
    assert any(row["difference_count"] < 0 for row in first if row["what"] == "contacts")
    with (
        _read_only() as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.ReadOnlySqlTransaction),
    ):
        cursor.execute("insert into ops.contact_holds (customer_id, reason, held_by) values ('a', 'b', 'c')")


def everything_in_ops() -> dict[str, Any]:
    tables = query("select tablename from pg_tables where schemaname = 'ops' order by tablename")
    return {
        name: query(f"select count(*) as n, md5(string_agg(t::text, '' order by t::text)) as h from ops.{name} as t")
        for name in (row["tablename"] for row in tables)
    }


def test_totals_are_the_sums_of_the_days(lived: Lived) -> None:
    found = rows(simulate(FIRST, LAST, lived.policy))
    for what in ("contacts", "left in peace", "rule said no"):
        days, total = (
            sum(
                row["count"]
                for row in found
                if row["what"] == what and row["name"] != "all" and bool(row["date"]) is is_day
            )
            for is_day in (True, False)
        )
        assert days == total > 0
    calls = sum(each["call"] for each in lived.contacts.values())
    (row,) = (row for row in found if row["date"] is None and row["name"] == "all")
    assert (row["spend_amount"], row["currency_code"]) == (2 * calls, "USD")


def run(*words: str) -> Result:
    result = CliRunner().invoke(commands(), ["reminders", "simulate", *words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_command_in_each_format(lived: Lived, tmp_path: Path) -> None:
    words = ["--from", str(FIRST), "--to", str(LAST), "--policy", str(lived.policy)]
    document = json.loads(run(*words, "--format", "json").stdout)
    assert (document["days"], document["days_known_later"], document["policies"]) == (7, 0, [["lived"]])
    table = run(*words)
    assert "all days" in table.stdout and "customers would have been written to" in table.stderr
    against = run(*words, "--against", str(written(tmp_path, name="other")), "--format", "csv")
    read = list(csv.DictReader(io.StringIO(against.stdout)))
    assert {row["difference_count"] for row in read} == {"0"}
    assert [row["count"] for row in read] == [str(row["count"]) for row in document["rows"]]


def test_a_range_that_can_not_be_replayed(lived: Lived) -> None:
    with pytest.raises(ConfigError, match="before it begins"):
        run("--from", str(LAST), "--to", str(FIRST))
    with pytest.raises(ConfigError, match="the day of what is published"):
        run("--from", str(FIRST), "--to", str(LAST + dt.timedelta(days=1)))


def test_an_sms_costs_its_segments(world: World, tmp_path: Path) -> None:
    world.customer("ana", phone="987 654 321", email=None, country_code="PE", timezone="America/Lima")
    world.owes("ana", due=-5)
    world.publish()
    policy = written(tmp_path, steps=[{"name": "one", "offset_days": 1, "template": "overdue", "channels": ["sms"]}])
    (replay,) = simulate(AS_OF, AS_OF, policy).replays
    seen = preview("overdue", "ana", channel="sms", as_of=AS_OF, policy_path=policy)
    assert replay.days[AS_OF].contacts == {"sms": 1}
    assert replay.days[AS_OF].spend["sms"] == seen.cost == Decimal("0.05") * seen.sms.segments  # type: ignore[union-attr]


def test_what_a_customer_said_holds_from_the_moment_it_was_recorded(world: World, tmp_path: Path) -> None:
    for name in ("opted", "held"):
        world.owes(name, due=-5)
    world.publish(AS_OF - dt.timedelta(days=9))
    world.publish(AS_OF)
    said = dt.datetime.combine(AS_OF - dt.timedelta(days=2), dt.time(9), tzinfo=dt.UTC)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        # the world tells of its last landing alone
        cursor.execute("update ops.loads set recorded_at = recorded_at - interval '4 days'")
        cursor.execute(
            "insert into ops.contact_preferences (customer_id, channel, kind, at, by)"
            " values ('opted', 'email', 'opt_out', %s, 'test')",
            (said,),
        )
        cursor.execute(
            "insert into ops.contact_holds (customer_id, reason, held_at, held_by, released_at)"
            " values ('held', 'asked', %s, 'test', %s)",
            (said, said + dt.timedelta(days=2)),
        )
    steps = [{"name": f"step{n}", "offset_days": n, "template": "overdue"} for n in range(1, 9)]
    policy = written(tmp_path, steps=steps, minimum_days_between=1, caps={})
    (replay,) = simulate(AS_OF - dt.timedelta(days=3), AS_OF, policy).replays
    days = [replay.days[AS_OF - dt.timedelta(days=n)] for n in (3, 2, 1, 0)]
    assert [day.contacts["email"] for day in days] == [2, 0, 0, 1]
    assert [day.skips["on_hold"] for day in days] == [0, 1, 1, 0]
    assert [day.skips["opted_out"] for day in days] == [0, 1, 1, 1]


@pytest.mark.parametrize("days", [0, 3])
def test_what_came_in_is_counted_once_with_the_last_contact_before(lived: Lived, days: int) -> None:
    found = {row["channel"]: row for row in costs(FIRST, LAST, "channel", days)}
    model = paid_after_contacts(days)
    for channel in ("email", "call"):
        count = sum(each[channel] for each in lived.contacts.values())
        row = found[channel]
        assert (row["contacts"], row["spend_amount"]) == (count, count * len(channel) * Decimal("0.1"))
        assert row["collected_amount"] == round(model.get(channel, Decimal(0)), 2)
        if model.get(channel):
            assert row["cost_to_collect"] == round(row["spend_amount"] / row["collected_amount"], 6)
    assert days == 0 or model["email"] > 0


def paid_after_contacts(days: int) -> dict[str, Decimal]:
    """Read plainly: by channel, in USD."""
    contacts = query("select * from ops.contacts where status = 'sent' order by contact_date, contact_id desc")
    rates = query("select * from serve.fct_fx_rates where recorded_to > now() order by rate_date")
    found: dict[str, Decimal] = {}
    for paid in query(
        "select * from serve.fct_ledger_entries as e, serve.publication as p where entry_type = 'received'"
        " and effective_date <= as_of_date and e.recorded_from <= p.known_at and e.recorded_to > p.known_at"
    ):
        day = paid["effective_date"]
        mine = [
            each["channel"]
            for each in contacts
            if (each["company_id"], each["customer_id"]) == (paid["company_id"], paid["customer_id"])
            and 0 <= (day - each["contact_date"]).days <= days
        ]
        if mine:
            rate = Decimal(1)
            if paid["currency_code"] != "USD":
                to = [each for each in rates if each["company_currency_code"] == paid["currency_code"]]
                rate = [each["rate"] for each in to if each["rate_date"] <= day][-1]
            found[mine[-1]] = found.get(mine[-1], Decimal(0)) - paid["amount"] / rate
    return found


def test_every_grouping_adds_up_to_the_same(lived: Lived) -> None:
    by_channel, by_step, by_policy, by_segment = (costs(by=by) for by in ("channel", "step", "policy", "segment"))
    (total,) = by_policy
    for found in (
        by_channel,
        by_step,
        *([row for row in by_segment if row["scheme"] == scheme] for scheme in {row["scheme"] for row in by_segment}),
    ):
        for name in ("contacts", "spend_amount"):
            assert sum(row[name] for row in found) == total[name]
        # each is rounded once
        assert abs(sum(row["collected_amount"] or 0 for row in found) - total["collected_amount"]) < 1
    assert costs(LAST + dt.timedelta(days=1)) == []
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.contacts set customer_id = %s || customer_id", (PREFIX,))
        connection.commit()
        assert costs() == []
        cursor.execute("update ops.contacts set customer_id = substr(customer_id, length(%s) + 1)", (PREFIX,))
    result = CliRunner().invoke(commands(), ["reminders", "costs", "--by", "step", "--format", "csv"])
    assert [row["step_name"] for row in csv.DictReader(io.StringIO(result.stdout))] == ["first", "second"]


def test_a_replay_plays_experiments_as_the_planner_does(world: World, tmp_path: Path) -> None:
    for number in range(60):
        world.owes(f"c{number}", due=-3)
    world.publish()
    (tmp_path / "challengers").mkdir()
    by_phone = [{"name": "only", "offset_days": 1, "template": "overdue", "channels": ["call"]}]
    written(tmp_path / "challengers", name="soft", steps=by_phone)
    trial = {"name": "trial", "challenger": "soft", "challenger_pct": 40, "holdout_pct": 30}
    policy = written(tmp_path, name="tried", experiment=trial)
    (replay,) = simulate(AS_OF, AS_OF, policy).replays
    tally = replay.days[AS_OF]
    planned = plan_reminders(AS_OF, policy)
    assert tally.contacts == Counter(contact.channel for contact in planned.contacts.values())
    assert tally.contacts.keys() == {"email", "call"} and tally.skips["held_out"] > 5
    assert tally.skips == Counter(map(str, planned.skips.elements()))


def test_who_was_drawn_before_stays_in_its_arm(world: World, tmp_path: Path) -> None:
    for number in range(40):
        world.owes(f"c{number}", due=-3)
    world.publish()
    trial = {"name": "trial", "holdout_pct": 50}
    policy = written(tmp_path, name="tried", experiment=trial)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        # all were drawn for the champion, when nobody was held out
        cursor.execute(
            "insert into ops.experiment_draws (experiment, customer_id, arm, policy_name, challenger_pct, holdout_pct,"
            " drawn_on, owed) select 'trial', 'c' || n, 'champion', 'tried', 0, 1, %s, '{}'"
            " from generate_series(0, 19) as n",
            (AS_OF - dt.timedelta(days=9),),
        )
    (replay,) = simulate(AS_OF, AS_OF, policy).replays
    assert replay.customers >= {f"c{number}" for number in range(20)}
    assert 3 < replay.days[AS_OF].skips["held_out"] < 17
