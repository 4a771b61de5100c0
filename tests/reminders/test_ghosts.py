"""Ghost shoppers go the whole way of a debtor, and are in nobody's figures."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from reminder_world import AS_OF, World, channel_to, contacts, hold, query
from typer.testing import CliRunner

from cartera.cli import ghosts as commands
from cartera.cli.reminders import register
from cartera.db import Role, parameters, transaction
from cartera.errors import ConfigError
from cartera.reminders import EmailChannel, approve_reminders, approve_small, plan_reminders, send_reminders
from cartera.reminders.enrol import Enrolment, add, listed, remove
from cartera.reminders.explain import explain
from cartera.reminders.ghost_report import ghost_report
from cartera.reminders.model import Reason
from cartera.sandbox.mailbox import Mailbox

ASKED = Enrolment(email="ghost@acme.example", language="es", country="PE", policy_name="default")


@pytest.fixture
def world(world: World) -> World:
    """One company that is owed in PEN, by a customer of whom nothing is due yet."""
    world.owes("ana", due=200)
    world.publish()
    return world


def walk(channel: EmailChannel, policy: Path | None = None) -> None:
    plan_reminders(policy_path=policy)
    approve_reminders(approved_by="test")
    send_reminders({"email": channel}).raise_if_stopped()


def live(world: World, channel: EmailChannel, days: int) -> None:
    for day in range(days):
        world.publish(AS_OF + dt.timedelta(days=day))
        walk(channel)


def test_a_ghost_walks_down_every_step(world: World, mailbox: Mailbox, channel: EmailChannel) -> None:
    ghost = add(ASKED, "test")
    live(world, channel, 50)
    report = ghost_report(ghost)
    steps = ["before_due", "first_reminder", "second_reminder", "third_reminder", "final_notice"]
    assert [row["step"] for row in report.timeline] == steps
    assert [row["outcome"] for row in report.ladder] == ["came"] * 5 + ["to come"]
    assert [row["channels"] for row in report.ladder] == ["email"] * 5 + ["call"]
    # the steps are due after 0, 4, 11, 23 and 48 days; two of these are Saturdays and one a holiday in Peru
    assert [(row["contact_date"] - AS_OF).days for row in report.timeline] == [0, 6, 13, 24, 48]
    forbidden = [row["as_of_date"] for row in report.skips if row["reason"] == Reason.not_now_by_law]
    assert [(day - AS_OF).days for day in forbidden] == [4, 5, 11, 12, 23]
    assert [message.recipients for message in mailbox.messages()] == [("ghost@acme.example",)] * 5
    for row, message in zip(report.timeline, mailbox.messages(), strict=True):
        content = mailbox.store.read(message.id)
        assert row["status"] == "sent" and row["subject"] == message.subject
        assert "-1" in row["message"] and report.ghost["document_number"] in row["message"]
        assert report.ghost["document_number"].encode() in content
    assert all(rule.is_kept for rule in report.rules) and len(report.rules) >= 9
    assert {row["customer_id"] for row in contacts()} == {ghost}


def test_a_step_is_passed_over_as_soon_as_a_later_one_waits(world: World, channel: EmailChannel) -> None:
    ghost = add(ASKED, "test")
    world.publish(AS_OF + dt.timedelta(days=6))
    plan_reminders()
    report = ghost_report(ghost)
    assert [(row["step"], row["status"]) for row in report.timeline] == [("first_reminder", "planned")]
    assert [row["outcome"] for row in report.ladder][:3] == ["passed over", "to come", "to come"]


def test_a_step_to_come_says_by_which_channels(world: World, channel: EmailChannel, tmp_path: Path) -> None:
    """Those the policy names, in its order; the one that was planned as soon as it was; none of what never comes."""
    text = (Path(__file__).parents[2] / "policies" / "default.yaml").read_text()
    text = text.replace("template: overdue, tone: courteous}", "template: overdue, channels: [sms, email]}")
    policy = tmp_path / "default.yaml"
    policy.write_text(text)
    ghost = add(ASKED, "test")
    world.publish(AS_OF + dt.timedelta(days=6))
    plan_reminders(policy_path=policy)
    ladder = ghost_report(ghost).ladder
    assert [(row["outcome"], row["channels"]) for row in ladder] == [
        ("passed over", ""), ("to come", "email"), ("to come", "sms, email"), ("to come", "email"),
        ("to come", "email"), ("to come", "call"),
    ]  # fmt: skip


def test_whom_it_owes_is_asked_for_where_several_are_owed(world: World) -> None:
    world.owes("bea", due=-10, company_id="norte")
    world.publish()
    with pytest.raises(ConfigError) as refused:
        add(ASKED, "test")
    assert refused.value.problem == "policy default is for several companies: main, norte; a ghost shopper owes one"
    assert refused.value.mend == "say which, e.g. --company main"
    assert query("select * from ops.ghost_shoppers") == []


def test_of_nothing_no_rule_is_kept(world: World, channel: EmailChannel) -> None:
    ghost = add(ASKED, "test")
    plan_reminders()
    report = ghost_report(ghost)
    assert {(rule.is_kept, rule.saw) for rule in report.rules} == {(None, "-")}
    approve_reminders(approved_by="test")
    send_reminders({"email": channel}).raise_if_stopped()
    of_one = {rule.rule: rule.is_kept for rule in ghost_report(ghost).rules}
    # no message came before it
    assert [rule for rule, is_kept in of_one.items() if is_kept is None] == [
        "3 days between messages", "the tone never goes back",
    ]  # fmt: skip
    assert set(of_one.values()) == {True, None}


def test_it_is_in_no_count_of_real_customers(world: World, channel: EmailChannel) -> None:
    world.owes("bea", due=-10)
    world.owes("cleo", due=-10, is_disputed=True)
    world.publish()
    real = plan_reminders(dry_run=True)
    ghost = add(ASKED, "test")
    held = add(ASKED, "test")
    hold(held, "test")
    with_ghosts = plan_reminders()
    assert (with_ghosts.planned, with_ghosts.skips) == (real.planned, real.skips) == (1, {Reason.disputed: 1})
    assert [contact.customer_id for contact in with_ghosts.ghosts.values()] == [ghost]
    assert plan_reminders().kept == 1
    assert [row["reason"] for row in ghost_report(held).skips] == ["on_hold"]


@pytest.mark.parametrize("role", [Role.transformer, Role.reader, Role.loader])
@pytest.mark.parametrize("table", ["ghost_shoppers", "ghost_items", "contact_messages"])
def test_who_makes_and_reads_figures_cannot_see_it(world: World, role: Role, table: str) -> None:
    user = parameters(role)["user"]
    (row,) = query(f"select has_table_privilege('{user}', 'ops.{table}', 'select') as may")
    assert row["may"] is False


def test_it_does_not_count_for_what_a_policy_approves_by_itself(world: World, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "policies" / "default.yaml").read_text()
    policy = tmp_path / "default.yaml"
    policy.write_text(text.replace("approval: required", "approval: {automatic_below: 2}"))
    world.owes("bea", due=-10)
    world.publish()
    for _ in range(3):
        add(ASKED, "test")
    plan_reminders(policy_path=policy)
    assert approve_small().approved == 4


def test_it_is_never_in_an_experiment(world: World, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "policies" / "default.yaml").read_text()
    policy = tmp_path / "default.yaml"
    policy.write_text(text + "\nexperiment: {name: all_quiet, holdout_pct: 100}\n")
    world.owes("bea", due=-10)
    world.publish()
    add(ASKED, "test")
    report = plan_reminders(policy_path=policy)
    assert report.planned == 0 and len(report.ghosts) == 1
    assert query("select customer_id from ops.experiment_draws") == [{"customer_id": "bea"}]


def test_it_meets_the_same_law_8_at_the_moment_of_sending(
    world: World, mailbox: Mailbox, channel: EmailChannel
) -> None:
    ghost = add(ASKED, "test")
    plan_reminders()
    approve_reminders(approved_by="test")
    hold(ghost, "asked for peace")
    assert send_reminders({"email": channel}).skipped == {Reason.on_hold: 1}
    assert mailbox.messages() == [] and ghost_report(ghost).timeline[0]["message"] is None
    world.is_tied = False
    other = add(ASKED, "test")
    world.publish()
    plan_reminders()
    assert [row["reason"] for row in ghost_report(other).skips] == ["not_tied_out"]


def test_one_that_is_removed_gets_nothing_more(world: World, mailbox: Mailbox, channel: EmailChannel) -> None:
    ghost = add(ASKED, "test")
    plan_reminders()
    approve_reminders(approved_by="test")
    assert remove(ghost.removeprefix("ghost-shopper:"), "test") == 1
    live(world, channel, 6)
    assert mailbox.messages() == [] and listed() == []
    (row,) = ghost_report(ghost).timeline
    assert (row["status"], row["reason"]) == ("skipped", "ghost_removed")
    with pytest.raises(ConfigError, match="there is no ghost shopper"):
        remove(ghost, "test")


def test_another_policy_planned_alone_leaves_it_be(world: World, tmp_path: Path) -> None:
    add(ASKED, "test")
    plan_reminders()
    text = (Path(__file__).parents[2] / "policies" / "default.yaml").read_text()
    policy = tmp_path / "other.yaml"
    policy.write_text(text.replace("name: default", "name: other"))
    plan_reminders(policy_path=policy)
    assert [row["status"] for row in contacts()] == ["planned"]


def test_explain_tells_of_it(world: World) -> None:
    ghost = add(ASKED, "test")
    (now,) = explain(ghost)["now"]
    assert now["verdict"] == "would be written to: before_due by email"


def test_the_report_finds_what_was_broken(world: World, channel: EmailChannel) -> None:
    ghost = add(ASKED, "test")
    live(world, channel, 14)
    assert all(rule.is_kept for rule in ghost_report(ghost).rules)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update ops.contacts set contact_date = %s, recipient = 'x@elsewhere.pe', language_code = 'en'"
            " where step_name = 'second_reminder'",
            (AS_OF + dt.timedelta(days=6),),
        )
        cursor.execute("update ops.contact_items set stated_amount = 1")
    broken = {rule.rule for rule in ghost_report(ghost).rules if not rule.is_kept}
    assert broken == {
        "one message a day at most",
        "3 days between messages",
        "no step comes before its day",
        "only the addresses given were used",
        "the language is es",
        "the amount asked for is what is owed",
    }


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"email": "nobody"}, "not an e-mail address"),
        ({"language": "de"}, "no language of the messages"),
        ({"country": "Peru"}, "no country"),
        ({"phone": "12"}, "not a phone number of PE"),
        ({"policy_name": "nothing"}, "known are: default"),
        ({"currency_code": "USD"}, "ties out in USD"),
        ({"company_id": "other"}, "nothing of company other ties out"),
        ({"amount": Decimal(5)}, "below the minimum"),
    ],
)
def test_what_makes_no_debtor_is_refused(world: World, changed: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        add(Enrolment(**(vars(ASKED) | changed)), "test")
    assert query("select * from ops.ghost_shoppers") == []


def test_the_commands(world: World, mailbox: Mailbox) -> None:
    app = typer.Typer()
    commands.register(app)
    app.callback()(lambda: None)

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, ["ghost-shopper", *words])
        assert result.exit_code == 0, result.output
        return result.stdout

    words = ("--email", "g@acme.example", "--phone", "987654321", "--language", "pt", "--country", "PE")
    ghost = run("add", *words, "--policy", "default", "--amount", "77.50").strip()
    planning = typer.Typer()
    register(planning)
    planning.callback()(lambda: None)
    planned = CliRunner().invoke(planning, ["reminders", "plan", "--format", "json"])
    counts = json.loads(planned.stdout)
    assert (counts["planned"], counts["ghost_shoppers"], counts["contacts"]) == (0, 1, [])
    walk(channel_to(mailbox))
    (row,) = json.loads(run("list", "--format", "json"))["rows"]
    assert (row["customer_id"], row["phone"], row["messages"]) == (ghost, "+51987654321", 1)
    text = run("report", ghost)
    assert "nothing to check" in text
    assert "before_due by email" in text and "77,50" in text.replace(".", ",") and "BROKEN" not in text
    report = json.loads(run("report", ghost, "--format", "json"))
    assert report["timeline"][0]["language"] == "pt" and report["rules"][0]["is_kept"]
    run("remove", ghost)
    assert json.loads(run("list", "--format", "json"))["rows"] == []
