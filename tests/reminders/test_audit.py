"""The record of contacts: sealed in a chain, whole whatever happens, and broken where somebody tampers with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest
from reminder_world import World, channel_to, contacts, hold, query, release
from typer.testing import CliRunner

from cartera import outgoing, viewed
from cartera.cli import commands
from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.reminders import EmailChannel, approve_reminders, plan_reminders, send_reminders
from cartera.reminders.audit import erase, seal, verify
from cartera.reminders.channels.base import Outgoing
from cartera.reminders.channels.letters import LetterChannel
from cartera.reminders.content import Letter
from cartera.reminders.policy import Creditor
from cartera.sandbox.mailbox import Mailbox
from cartera.settings import get_settings

TAMPERING = {
    # what a thief of the admin login does: what is done to the tables, and what is said of it
    "a changed row": (
        "update ops.contact_events set actor = 'nobody' where event_id = 3",
        ("contact_events", "event_id 3", "changed"),
    ),
    "a changed reason": (
        "update ops.contact_skips set answers = '[]' where skip_id = 1",
        ("contact_skips", "skip_id 1", "personal fields were changed"),
    ),
    "a changed detail": (
        "update ops.contact_events set detail = '{\"answers\": []}' where event_id = 2",
        ("contact_events", "event_id 2", "personal fields were changed"),
    ),
    "a changed detail, digested anew": (
        "update ops.contact_events set detail = '{}' where event_id = 2;"
        " update ops.contact_events as e set personal_digest = ops.event_personal(e) where event_id = 2",
        ("contact_events", "event_id 2", "changed"),
    ),
    "other words": (
        "update ops.contact_messages set words = words || '{\"text\": \"you owe nothing\"}' where message_no = 1",
        ("contact_messages", "message_no 1", "personal fields were changed"),
    ),
    "words deleted": (
        "delete from ops.contact_messages where message_no = 2",
        ("contact_messages", "message_no 2", "deleted"),
    ),
    "a deleted row": (
        "delete from ops.contact_events where event_id = 4",
        ("contact_events", "event_id 4", "deleted"),
    ),
    "the last row deleted": (
        "delete from ops.contact_events where event_id = (select max(event_id) from ops.contact_events)",
        ("contact_events", "event_id 8", "deleted"),
    ),
    "an inserted row": (
        "insert into ops.contact_events (event_id, contact_id, to_status, actor, salt, personal_digest)"
        " overriding system value select 1000, contact_id, 'approved', 'me', '\\x00',"
        " sha256('\\x00' || convert_to('{}', 'UTF8')) from ops.contacts limit 1",
        ("contact_events", "event_id 1000", "inserted"),
    ),
    "two rows swapped": (
        "update ops.contact_events as a set contact_id = b.contact_id, happened_at = b.happened_at, salt = b.salt,"
        " from_status = b.from_status, to_status = b.to_status, detail = b.detail, personal_digest = b.personal_digest"
        " from ops.contact_events as b where (a.event_id, b.event_id) in ((5, 6), (6, 5))",
        ("contact_events", "event_id 5", "changed"),
    ),
    "an erasure that nobody recorded": (
        "update ops.contact_events set detail = '{}', salt = null where event_id = 2",
        ("contact_events", "event_id 2", "without a record"),
    ),
    "a seal changed to suit": (
        "update ops.contact_events set actor = 'nobody' where event_id = 1;"
        " update ops.audit_seals as s set digests[1] = ops.event_digest(e) from ops.contact_events as e"
        " where s.log = 'contact_events' and s.position = 1 and e.event_id = s.row_ids[1]",
        ("contact_events", "seal 1", "a seal was changed"),
    ),
    "a seal made anew, with its hash": (
        "update ops.contact_events set actor = 'nobody' where event_id = 1;"
        " update ops.audit_seals as s set digests[1] = ops.event_digest(e) from ops.contact_events as e"
        " where s.log = 'contact_events' and s.position = 1 and e.event_id = s.row_ids[1];"
        " update ops.audit_seals as s set hash = ops.seal_hash(s) where log = 'contact_events' and position = 1",
        ("contact_events", "seal 2", "a seal was changed"),
    ),
    "two seals swapped": (
        "update ops.audit_seals set position = -position where log = 'contact_events' and position in (1, 2);"
        " update ops.audit_seals set position = 3 + position where position < 0",
        ("contact_events", "seal 1", "a seal was changed"),
    ),
    "a seal taken out, with its rows": (
        "delete from ops.contact_events where event_id = any("
        "   select unnest(row_ids) from ops.audit_seals where log = 'contact_events' and position = 2);"
        " delete from ops.audit_seals where log = 'contact_events' and position = 2",
        ("contact_events", "seal 3", "a seal was changed"),
    ),
    "a contact called something else": (
        "update ops.contacts set status = 'skipped' where customer_id = 'ana'",
        ("contacts", "", "not the last one recorded"),
    ),
}  # fmt: skip


@pytest.fixture
def recorded(world: World, channel: EmailChannel) -> World:
    """Two messages sent, one customer left in peace: eight events, one skip."""
    world.owes("ana", due=-10)
    world.owes("bea", due=-10)
    world.owes("carla", due=-10, is_disputed=True)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    assert send_reminders({"email": channel}).sent == 2
    report = verify()
    assert report.is_whole and report.rows["contact_events"] == 8 and report.rows["contact_skips"] == 1
    assert not any(report.waiting.values())
    return world


def tamper(statements: str) -> None:
    """As the admin, with the triggers off."""
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(statements)


@pytest.mark.parametrize("kind", TAMPERING)
def test_tampering_is_found_and_named(recorded: World, kind: str) -> None:
    statements, (log, row, what) = TAMPERING[kind]
    tamper(statements)
    broken = verify().broken
    assert broken is not None
    assert (broken.log, broken.row if row else "") == (log, row) and what in broken.what
    shown = CliRunner().invoke(commands(), ["audit", "verify"])
    assert shown.exit_code == 1


def test_a_record_cut_off_at_its_end_is_found_by_a_head_that_was_kept(recorded: World) -> None:
    head = verify().heads["contact_events"]
    assert verify((head,)).is_whole
    tamper(
        "delete from ops.contact_events where event_id = any(select unnest(row_ids) from ops.audit_seals"
        " where log = 'contact_events' and position = (select max(position) from ops.audit_seals));"
        " delete from ops.audit_seals where log = 'contact_events' and hash = decode('" + head + "', 'hex')"
    )
    broken = verify((head,)).broken
    assert broken is not None and "the chain was cut" in broken.what or broken is not None and broken.log == "contacts"


@pytest.mark.parametrize("role", [Role.admin, Role.campaign, Role.reader, Role.loader, Role.transformer])
@pytest.mark.parametrize(
    "table", ["contact_events", "contact_skips", "contact_messages", "contact_erasures", "audit_seals"]
)
def test_no_role_of_ours_changes_or_deletes(recorded: World, role: Role, table: str) -> None:
    erase("carla", "test")
    columns = {"contact_events": "actor", "contact_skips": "company_id", "contact_erasures": "erased_by"}
    column = (columns | {"contact_messages": "template_hash"}).get(table, "log")
    for statement in (
        f"update ops.{table} set {column} = 'other'",
        f"delete from ops.{table}",
        f"truncate ops.{table} cascade",
    ):
        with (
            pytest.raises(psycopg2.Error) as refused,
            transaction(role) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("set transaction read write")
            cursor.execute(statement)
        assert isinstance(refused.value, psycopg2.errors.InsufficientPrivilege), refused.value
    assert verify().is_whole


def test_the_sender_can_write_no_event_into_the_past_nor_pick_its_salt(recorded: World) -> None:
    contact = contacts()[0]["id"]
    with transaction(Role.campaign) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.contact_events (contact_id, happened_at, to_status, actor, salt, personal_digest)"
            " values (%s, '2020-01-01', 'sent', 'x', '\\x00', '\\x00') returning"
            " happened_at > now() - interval '1 hour', salt <> '\\x00', personal_digest <> '\\x00'",
            (contact,),
        )
        assert cursor.fetchone() == (True, True, True)


def test_erasing_a_customer_leaves_the_chain_whole_and_nothing_personal(
    recorded: World, mailbox: Mailbox, channel: EmailChannel
) -> None:
    release(hold("ana", "Ana asked by phone"))
    hold("ana", "Ana again")
    taken = {"customer": "ana", "of": "ana/main", "find": "Ana Ltd", "lang": "ES"}
    for who in ("eva@example.com", "leo@example.com"):
        viewed.record(who, "collector", "customer", "ana", {})
        viewed.record(who, "collector", "customer", "anabel", {})
    viewed.record("eva@example.com", "collector", "export", "statement-ana-2026-06-30.pdf", taken, 3)
    viewed.record("eva@example.com", "collector", "export", "aging.csv", {"company": "main"}, 9)
    # four events, a message, three holds, two looks and a file
    assert erase("ana", "privacy officer") == 4 + 1 + 3 + 2 + 1
    assert erase("ana", "privacy officer") == 0
    assert erase("carla", "privacy officer") == 1
    report = verify()
    erased = {"contact_events": 4, "contact_skips": 1, "contact_messages": 1, "contact_erasures": 0}
    assert report.is_whole and report.erased == erased
    for table in ("contacts", "contact_items", "contact_events", "contact_skips", "contact_messages",
                  "contact_erasures", "desk_actions"):  # fmt: skip
        (row,) = query(f"select coalesce(string_agg(t::text, ' '), '') as text from ops.{table} as t")
        assert "ana" not in row["text"] and "carla" not in row["text"], table
        assert "bea@cliente.pe" in row["text"] or table not in ("contacts", "contact_messages")
    holds = query("select customer_id, reason from ops.contact_holds order by hold_id")
    assert holds[0]["customer_id"].startswith("erased:") and holds[0]["reason"] == "erased"
    assert holds[1] == {"customer_id": "ana", "reason": "left in peace"}
    # what happened, and when, is still told
    assert [row["to_status"] for row in query("select to_status from ops.contact_events")].count("sent") == 2
    # and who looked, under the one name that the customer has now
    (alias,) = {
        row["customer_id"] for row in query("select customer_id from ops.contacts") if row["customer_id"] != "bea"
    }
    assert {row["customer_id"] for row in query("select customer_id from ops.desk_actions")} == {alias}
    other, file, anabel_by_leo, by_leo, anabel_by_eva, by_eva = viewed.listed()
    assert (other["filters"], anabel_by_leo["subject"], anabel_by_eva["subject"]) == (
        {"company": "main"}, "anabel", "anabel")  # fmt: skip
    assert [(row["viewed_by"], row["subject"]) for row in (by_eva, by_leo)] == [
        ("eva@example.com", alias), ("leo@example.com", alias)]  # fmt: skip
    assert (file["subject"], file["row_count"]) == (f"statement-{alias}-2026-06-30.pdf", 3)
    assert file["filters"] == {"customer": alias, "of": f"{alias}/main", "find": "erased", "lang": "ES"}


def test_who_looked_is_found_however_the_name_is_written(database: str) -> None:
    viewed.record("Ana", "collector", "customer", "bea", {})
    assert [row["viewed_by"] for row in viewed.listed(viewed_by="ANA")] == ["Ana"]


def test_letters_kept_messages_and_draws_go_too(
    world: World, mailbox: Mailbox, channel: EmailChannel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for customer in ("ana", "bea"):
        world.owes(customer, due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    assert send_reminders({"email": channel}).sent == 2
    ids = {contact["customer_id"]: contact["id"] for contact in contacts()}
    printer = LetterChannel(tmp_path / "letters")
    for id in ids.values():
        letter = Letter(b"%PDF-1.7 to " + id.encode(), ("Ana",))
        creditor = Creditor(name="Acreedor", contact_name="Cobranzas", email="cobranzas@acreedor.pe")
        printer.send(Outgoing(id, f"<{id}@x>", "Ana", "es", letter, creditor, id[:8]))
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.experiment_draws (experiment, customer_id, arm, policy_name, challenger_pct, holdout_pct,"
            " drawn_on, owed) select 'tone', id, 'champion', 'p', 0, 5, '2026-06-01', '{}'"
            " from unnest(array['ana', 'bea', 'held']) as id"
        )
    channels = tmp_path / "channels.yaml"
    channels.write_text(f"letter: {{switched_on: true, provider: folder, folder: {tmp_path / 'letters'}}}\n")
    settings = get_settings().model_copy(update={"home": tmp_path, "channels_file": channels})
    monkeypatch.setattr(outgoing, "get_settings", lambda: settings)

    def kept(customer: str) -> list[str]:
        """Files in which the customer's address or contact still is."""
        words = (b"PDF-1.7 to " + ids[customer].encode(), f"{customer}@cliente.pe".encode())
        files = (path for folder in ("letters", "mailbox") for path in (tmp_path / folder).rglob("*") if path.is_file())
        return [path.name for path in files if any(word in path.read_bytes() for word in words)]

    assert len(kept("ana")) == len(kept("bea")) == 4  # the letter twice, the message, the index
    # four events, the words, the draw, two files of a letter, a message
    assert outgoing.erase_customer("ana", "privacy officer") == 9
    assert kept("ana") == [] and len(kept("bea")) == 4
    assert [message.recipients for message in mailbox.messages()] == [("bea@cliente.pe",)]
    assert printer.look_up(f"<{ids['ana']}@x>"), "it was laid out, and never is again"
    # one who was held out has no contact
    assert outgoing.erase_customer("held", "privacy officer") == 1
    assert [row["customer_id"] for row in query("select customer_id from ops.experiment_draws")] == ["bea"]
    assert verify().is_whole


def test_where_a_file_can_not_be_erased_nothing_is(recorded: World) -> None:
    def refuse(_: object) -> int:
        raise PermissionError("read-only")

    with pytest.raises(PermissionError):
        erase("ana", "test", refuse)
    assert verify().erased["contact_events"] == 0 and contacts(customer_id="ana")


def test_nobody_is_erased_while_a_contact_is_on_its_way(world: World) -> None:
    world.owes("ana", due=-10)
    world.publish()
    plan_reminders()
    with pytest.raises(ConfigError, match="on its way"):
        erase("ana", "test")
    assert verify().is_whole


def test_tampering_with_an_erased_row_is_found_too(recorded: World) -> None:
    erase("ana", "test")
    tamper("update ops.contact_events set to_status = 'failed' where salt is null and to_status = 'sent'")
    broken = verify().broken
    assert broken is not None and broken.what == "the row was changed"


def test_rows_of_a_process_that_died_before_its_seal_are_sealed_by_the_next(world: World) -> None:
    world.owes("ana", due=-10)
    world.publish()
    plan_reminders()
    contact = contacts()[0]["id"]
    with transaction(Role.campaign) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.contact_events (contact_id, to_status, actor) values (%s, 'planned', 'x')", (contact,)
        )
    report = verify()
    assert report.is_whole and report.waiting["contact_events"] == 1
    tamper("update ops.audit_queue set row_id = row_id + 1")
    assert not verify().is_whole
    tamper("update ops.audit_queue set row_id = row_id - 1")
    seal()
    report = verify()
    assert report.is_whole and report.waiting["contact_events"] == 0


def test_many_that_write_and_seal_at_once_make_one_chain(world: World, mailbox: Mailbox) -> None:
    for number in range(24):
        world.owes(f"c{number}", due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    with ThreadPoolExecutor(4) as pool:
        channels = [channel_to(mailbox) for _ in range(3)]
        sending = [pool.submit(send_reminders, {"email": each}, batch=2, group=1) for each in channels]
        planning = pool.submit(plan_reminders)
        for done in (*sending, planning):
            done.result()
    report = verify()
    assert report.is_whole and not any(report.waiting.values())
    assert len(mailbox.messages()) == 24


def test_the_command_says_whole_and_prints_the_heads(recorded: World) -> None:
    shown = CliRunner().invoke(commands(), ["audit", "verify", "--format", "json"])
    assert shown.exit_code == 0 and '"is_whole": true' in shown.output
    assert verify().heads["contact_events"] in shown.output
    assert CliRunner().invoke(commands(), ["audit", "erase", "--customer", "ana", "--yes"]).exit_code == 0
    assert CliRunner().invoke(commands(), ["audit", "verify"]).exit_code == 0
