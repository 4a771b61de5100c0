"""Several policies and channels in the ledger: planned, fallen back, opted out, previewed, called."""

from __future__ import annotations

import csv
import datetime as dt
import email
import email.policy
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from ics_reader import events
from reminder_world import AS_OF, EVER, World, contacts, query
from typer.testing import CliRunner, Result

from cartera.cli import calls as calls_commands
from cartera.cli import contacts as contacts_commands
from cartera.cli import desk as desk_commands
from cartera.cli import preview as preview_command
from cartera.cli import reminders as reminders_commands
from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.reminders import EmailChannel, approve_reminders, plan_reminders, send_reminders
from cartera.reminders.calls import CallRule, load_call_rule
from cartera.reminders.model import Reason
from cartera.reminders.pdf import text_of
from cartera.reminders.prices import load_prices
from cartera.sandbox.mailbox import Mailbox
from cartera.settings import PACKAGE_DIR, get_settings

PROJECT = PACKAGE_DIR.parent
CREDITOR = "{name: Acreedor S.A., contact_name: Cobranzas, email: cobranzas@acreedor.pe, phone: 01 555 0100}"
LARGE = f"""\
name: large
priority: 1
audience: {{segments: {{value: [large]}}}}
steps:
  - {{name: first, offset_days: 1, template: overdue, channels: [email, sms], fallback_after_days: 5}}
end_of_ladder: {{days_after_last: 8}}
creditor: {CREDITOR}
"""
REST = f"""\
name: rest
priority: 2
steps:
  - {{name: first, offset_days: 1, template: overdue, channels: [sms, call]}}
creditor: {CREDITOR}
"""


@pytest.fixture
def world(world: World) -> World:
    """Customers live in Peru, as their numbers do."""
    world.home = ("PE", "America/Lima")
    return world


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two policies in force; prices and call rule as they come."""
    folder = tmp_path / "policies"
    (folder / "shared").mkdir(parents=True)
    for name in ("prices.yaml", "calls.yaml"):
        (folder / "shared" / name).write_text((PROJECT / "policies" / "shared" / name).read_text())
    (folder / "large.yaml").write_text(LARGE)
    (folder / "rest.yaml").write_text(REST)
    monkeypatch.setattr(get_settings(), "policies_dir", folder)
    return folder


def run(*words: str) -> Result:
    app = typer.Typer()
    for module in (reminders_commands, preview_command, contacts_commands, calls_commands, desk_commands):
        module.register(app)
    result = CliRunner().invoke(app, list(words))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def read(*words: str) -> Any:
    return json.loads(run(*words, "--format", "json").stdout)


def went(status: str = "sent", days: int = 0, **where: str) -> None:
    """What the sender of another channel would record, so many days ago."""
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update ops.contacts set status = %s, contact_date = %s, planned_date = %s"
            " where status in ('planned', 'approved') and customer_id = any(%s)",
            (status, AS_OF - dt.timedelta(days), AS_OF - dt.timedelta(days), list(where.values())),
        )


def test_each_debt_is_planned_under_one_policy(world: World, policies: Path) -> None:
    world.customer("ana", phone="987654321")
    world.customer("bea", phone="987654322")
    world.owes("ana", due=-10)
    world.owes("bea", due=-10)
    world.segments = [("main", "ana", "value", "large"), ("main", "bea", "value", "small")]
    world.publish()
    report = plan_reminders()
    assert list(report.plan_ids) == ["large", "rest"] and report.planned == 2
    planned = {row["customer_id"]: (row["policy_name"], row["channel"], row["recipient"]) for row in contacts()}
    assert planned == {"ana": ("large", "email", "ana@cliente.pe"), "bea": ("rest", "sms", "+51987654322")}
    assert {row["plan_id"] for row in contacts()} == set(report.plan_ids.values())
    again = plan_reminders()
    assert (again.planned, again.kept) == (0, 2)


def test_past_dates_ask_the_segments_of_then(world: World, policies: Path) -> None:
    # the day before is a holiday in Peru
    world.customer("ana", country_code="MX", timezone="America/Mexico_City")
    world.owes("ana", due=-10)
    world.segments = [("main", "ana", "value", "large")]
    world.publish()
    assert plan_reminders(AS_OF - dt.timedelta(days=1)).planned == 1
    (row,) = contacts()
    assert row["policy_name"] == "large"


def test_without_an_answer_the_next_channel_is_asked_once(world: World, policies: Path) -> None:
    world.customer("ana", phone="987654321")
    world.owes("ana", due=-10)
    world.segments = [("main", "ana", "value", "large")]
    world.publish()
    plan_reminders()
    went(days=5, ana="ana")
    assert plan_reminders().planned == 1
    by_sms = contacts(channel="sms")
    assert [(row["step_name"], row["cycle"]) for row in by_sms] == [
        (row["step_name"], row["cycle"]) for row in contacts(channel="email")
    ]
    went(days=0, ana="ana")
    world.publish(AS_OF + dt.timedelta(days=6))
    assert plan_reminders().skips == {Reason.step_done: 1}
    world.publish(AS_OF + dt.timedelta(days=8))
    assert plan_reminders().planned == 1, "the end of the ladder"
    (call,) = contacts(channel="call")
    assert (call["step_name"], call["recipient"]) == ("hand_over", "+51987654321")


def test_a_mail_that_surely_failed_goes_by_the_next_channel(world: World, policies: Path) -> None:
    world.customer("ana", phone="987654321")
    world.owes("ana", due=-10)
    world.segments = [("main", "ana", "value", "large")]
    world.publish()
    plan_reminders()
    went("failed", days=1, ana="ana")
    plan_reminders()
    assert [row["channel"] for row in contacts(status="planned")] == ["sms"]


def test_the_channel_is_asked_again_when_sending(world: World, mailbox: Mailbox, channel: EmailChannel) -> None:
    world.owes("ana", due=-10)
    world.publish()
    plan_reminders()
    approve_reminders()
    run("contacts", "opt-out", "ana", "--channel", "email", "--reason", "wrote to us")
    send_reminders({"email": channel})
    assert not mailbox.messages()
    (row,) = contacts()
    assert (row["status"], row["reason_code"]) == ("skipped", "opted_out")


def test_contacts_are_listed_with_what_was_said(world: World) -> None:
    world.customer("ana", phone="(01) 234-5678")
    world.owes("ana", due=-10)
    world.publish()
    run("contacts", "opt-out", "ana", "--channel", "email")
    run("contacts", "authorise", "ana", "--channel", "whatsapp", "--address", "987 654 321", "--reason", "by phone")
    run("contacts", "authorise", "ana", "--channel", "letter", "--address", "Av. Larco 1; Lima")
    found = read("contacts", "list", "ana")
    rows = {
        row["channel"]: (row["address"], row["usable"], row["why_not"], row["consent"]) for row in found["channels"]
    }
    assert rows["email"] == (None, "no", "the customer opted out", "opted out")
    assert rows["sms"] == (None, "no", "a fixed line", "nothing said")
    assert rows["whatsapp"] == ("+51987654321", "yes", "", "authorised")
    assert rows["voice"] == ("+5112345678", "yes", "", "nothing said")
    assert rows["letter"] == ("Av. Larco 1; Lima", "yes", "", "authorised")
    assert [said["said"] for said in found["said"]] == ["authorised", "authorised", "opted out"]
    assert query("select count(*) as n from ops.contact_preferences") == [{"n": 3}]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("opt-out", "nobody"), "there is no customer 'nobody'"),
        (("opt-out", "ana", "--channel", "fax"), "'fax' is no channel"),
        (("authorise", "ana", "--address", "x@y.pe"), "an address is one of a channel"),
        (("authorise", "ana", "--channel", "sms", "--address", "01 234 5678"), "is no address for sms"),
        (("authorise", "ana", "--channel", "email", "--address", "a@b.pe,c@d.pe"), "is no address for email"),
    ],
)
def test_what_can_not_be_recorded_is_refused(world: World, words: tuple[str, ...], said: str) -> None:
    world.owes("ana", due=-10)
    world.publish()
    with pytest.raises(ConfigError, match=said):
        run("contacts", *words)


def test_a_message_is_previewed_by_each_channel(world: World, policies: Path, tmp_path: Path) -> None:
    world.customer("ana", phone="987654321", name="Añil & Cía")
    world.owes("ana", due=-10, amount="1250.5")
    world.owes("ana", due=20, amount="70")
    world.credit("ana", "50")
    world.publish()
    mail = run("reminders", "preview", "overdue_firm", "--customer", "ana", "--channel", "email", "--language", "en")
    assert "Dear Añil & Cía," in mail.stdout and "PEN 1,250.50" in mail.stdout
    assert "channel: email" in mail.stderr and "language: en" in mail.stderr and "cost: USD 0" in mail.stderr
    sms = run("reminders", "preview", "overdue", "--customer", "ana")
    assert sms.stdout.startswith("Acreedor S.A.: segun nuestros registros figuran pendientes 1 documento")
    assert "GSM-7: 2 segments" in sms.stderr and "cost: USD 0.1" in sms.stderr
    chat = run("reminders", "preview", "overdue", "--customer", "ana", "--channel", "whatsapp")
    assert "approved template: overdue (es)" in chat.stderr and "Acreedor S.A. | 1 documento |" in chat.stderr
    run(
        "reminders",
        "preview",
        "final_notice",
        "--customer",
        "ana",
        "--channel",
        "letter",
        "--to",
        str(tmp_path / "out"),
    )
    letter = (tmp_path / "out" / "final_notice.es.letter.pdf").read_bytes()
    assert "Añil & Cía" in text_of(letter) and "PEN 1,200.50" in text_of(letter)
    html = run("reminders", "preview", "overdue", "--customer", "ana", "--channel", "email", "--part", "html")
    assert html.stdout.startswith("<!DOCTYPE html>") and "Añil &amp; Cía" in html.stdout
    assert not query("select 1 from ops.contact_plans")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("overdu", "--customer", "ana", "--channel", "email"), "templates are: final_notice, overdue"),
        (("overdue", "--customer", "nobody"), "owes nothing to anybody"),
        (("overdue", "--customer", "ana", "--company", "x"), "owes nothing to company 'x'"),
        (("overdue", "--customer", "ana", "--language", "fr"), "'fr' is no language"),
        (("overdue", "--customer", "ana", "--part", "pdf"), "has no part 'pdf'"),
        (("../x", "--customer", "ana"), "can't be the name of a template"),
    ],
)
def test_what_can_not_be_previewed_is_refused(world: World, policies: Path, words: tuple[str, ...], said: str) -> None:
    world.owes("ana", due=-10)
    world.publish()
    with pytest.raises(ConfigError, match=said):
        run("reminders", "preview", *words)


def test_the_statement_goes_along(world: World, mailbox: Mailbox, channel: EmailChannel, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        REST.replace("channels: [sms, call]", "attach: [statement, invoice_list]").replace("name: rest", "name: r")
    )
    world.owes("ana", due=-10, amount="200", item_id="files:old")
    world.owes("ana", due=90, amount="77", item_id="files:later")
    world.credit("ana", "30")
    world.publish()
    plan_reminders(policy_path=path)
    approve_reminders()
    send_reminders({"email": channel}).raise_if_stopped()
    message = email.message_from_bytes(mailbox.store.read(mailbox.messages()[-1].id), policy=email.policy.default)
    files = {part.get_filename(): part.get_content() for part in message.iter_attachments()}  # type: ignore[attr-defined]
    assert list(files) == ["estado-de-cuenta.pdf", "documentos-por-pagar.pdf"]
    statement = text_of(files["estado-de-cuenta.pdf"])
    assert "PEN 200.00" in statement and "PEN 77.00" in statement and "-PEN 30.00" in statement
    assert "PEN 247.00" in statement and "later" in statement
    assert "later" not in text_of(files["documentos-por-pagar.pdf"])


@pytest.fixture
def calls(world: World, policies: Path) -> World:
    """Four calls: large and old, small and fresh, in dollars, in a currency without a rate."""
    for name, collector in (("ana", "Rosa"), ("bea", "Rosa"), ("carla", "Luis"), ("dora", "Luis")):
        world.customer(name, email=None, phone=None, collector=collector)
    world.customer("bea", phone="01 234 5678", collector="Rosa", timezone="America/Bogota", name="=Bea; y Cía, S.A.")
    world.owes("ana", due=-200, amount="1000", item_id="files:a")
    world.owes("bea", due=-10, amount="300", item_id="files:b")
    world.owes("carla", due=-10, amount="100", currency_code="USD", item_id="files:c")
    world.owes("dora", due=-10, amount="10", currency_code="EUR", item_id="files:d")
    world.publish()
    plan_reminders()
    approve_reminders()
    return world


def test_the_call_list_is_ranked_by_expected_value(calls: World) -> None:
    found = read("calls", "today")
    rows = {row["customer_id"]: (row["rank"], row["overdue_amount"], row["expected_amount"]) for row in found["calls"]}
    # 100 USD at 3.5 x 0.80; 300 x 0.80; 1000 x 0.15; and a currency that can't be valued comes last
    assert rows == {
        "carla": (1, "350.00", "280.00"),
        "bea": (2, "300.00", "240.00"),
        "ana": (3, "1000.00", "150.00"),
        "dora": (4, None, None),
    }
    assert found["calls"][3]["note"] == "EUR to PEN"
    assert [row["customer_id"] for row in read("calls", "today", "--collector", "Rosa")["calls"]] == ["bea", "ana"]


def test_the_call_list_ranks_by_the_rule_of_the_worklist_and_says_why(calls: World) -> None:
    calls.credit("bea", "60")
    calls.publish()
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into marts_a.promises"
            " select id, customer, invoice, 'PEN', 50, %(made)s, %(day)s, 'files', %(ever)s, 'infinity'"
            # the second one was kept
            " from (values ('p', 'ana', null), ('q', 'bea', 'files:b')) as made (id, customer, invoice)",
            {"made": AS_OF - dt.timedelta(days=20), "day": AS_OF - dt.timedelta(days=10), "ever": EVER},
        )
        cursor.execute(
            "insert into marts_a.entries"
            " values ('applied', 'main', 'bea', 'PEN', -50, %s, %s, 'infinity', 'instalment', 'invoice:files:b')",
            (AS_OF - dt.timedelta(days=12), EVER),
        )
    rows = {row["customer_id"]: row for row in read("calls", "today")["calls"]}
    # less the credit; 1000 x 0.15 x 1.3
    assert (rows["bea"]["overdue_amount"], rows["bea"]["expected_amount"]) == ("240.00", "192.00")
    assert rows["bea"]["why"] == "late for up to 10 days: 0.80" and rows["dora"]["why"] == ""
    assert (rows["ana"]["rank"], rows["ana"]["expected_amount"]) == (2, "195.00")
    assert rows["ana"]["why"] == "late for up to 200 days: 0.15; promise of 2026-06-20 broken: x 1.30"


@pytest.mark.parametrize(
    "change",
    [{"is_disputed": True}, {"promised_date": AS_OF}, {"open_amount": Decimal(0)}],
)
def test_nobody_is_called_about_what_is_settled_disputed_or_promised(calls: World, change: dict[str, Any]) -> None:
    calls.items["files:b"] |= change
    if change.get("open_amount") == 0:
        del calls.items["files:b"]
    run("contacts", "opt-out", "carla", "--channel", "call")
    assert run("desk", "hold", "ana", "--kind", "insolvency").exit_code == 0
    calls.publish()
    assert [row["customer_id"] for row in read("calls", "today")["calls"]] == ["dora"]


def test_what_is_not_approved_is_only_counted(world: World, policies: Path) -> None:
    world.customer("ana", email=None)
    world.owes("ana", due=-10)
    world.publish()
    plan_reminders()
    result = run("calls", "today", "--format", "json")
    assert json.loads(result.stdout)["calls"] == [] and json.loads(result.stdout)["waiting_for_approval"] == 1
    assert "1 more wait for approval" in result.stderr


def test_the_list_as_a_calendar_and_as_csv(calls: World) -> None:
    content = run("calls", "today", "--format", "ics").stdout_bytes
    found = events(content)
    assert len(found) == 4
    bea = next(event for event in found if "Bea" in event["SUMMARY"])
    assert bea["SUMMARY"] == "Llamar a =Bea; y Cía, S.A.: 1 documento, PEN 300.00"
    assert bea["DTSTART"] == "20260630T141000Z", "the second call, 9:10 in Bogota"
    assert "+5112345678" in bea["DESCRIPTION"] and "F001-b" in bea["DESCRIPTION"]
    assert content == run("calls", "today", "--format", "ics").stdout_bytes
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    table = list(csv.DictReader(io.StringIO(run("calls", "today", "--format", "csv").stdout)))
    assert table[1]["name"] == "'=Bea; y Cía, S.A." and table[1]["phone"] == "'+5112345678"


def test_the_call_rule_and_the_prices_that_come_along_are_good() -> None:
    rule, prices = load_call_rule(PROJECT / "policies"), load_prices(PROJECT / "policies")
    assert [rule.share(days) for days in (1, 30, 31, 365, 366)] == [
        Decimal("0.80"), Decimal("0.80"), Decimal("0.60"), Decimal("0.15"), Decimal("0.05"),
    ]  # fmt: skip
    assert isinstance(rule, CallRule) and prices.sms["other"] > 0
