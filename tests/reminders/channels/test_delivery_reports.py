"""Reports in the ledger: each once, in any order, never backwards; bad addresses, and who wants no more."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from incoming_world import PHONE, moves, opted_out, reports, sent, state
from reminder_world import AS_OF, World, channel_to, contacts, query

from cartera.errors import ConfigError
from cartera.reminders import approve_reminders, audit, plan_reminders, send_reminders
from cartera.reminders.incoming.reports import Report, take
from cartera.reminders.incoming.wishes import to_repair, wants_no_more, works_again
from cartera.reminders.model import Reason
from cartera.sandbox.mailbox import Mailbox


def report(kind: str, contact: dict | None = None, key: str | None = None, **given: object) -> Report:
    given = {"channel": "email", "contact_id": contact["id"] if contact else None} | given
    return Report("test", key or kind, kind, **given)  # type: ignore[arg-type]


def test_a_report_twice_does_nothing(world: World) -> None:
    contact = sent(world)
    assert take([report("delivered", contact)] * 3) == {"applied": 1, "again": 2}
    assert state() == ("delivered", None) and moves() == ["delivered"]


@pytest.mark.parametrize("order", list(itertools.permutations(["sent", "delivered", "answered"])))
def test_out_of_order_they_never_move_backwards(world: World, order: tuple[str, ...]) -> None:
    contact = sent(world)
    rank = {"sent": 0, "delivered": 1, "answered": 2}
    furthest = 0
    for kind in order:
        take([report(kind, contact)])
        furthest = max(furthest, rank[kind])
        assert rank[state()[0]] == furthest
    assert state()[0] == "answered"


def test_a_bounce_after_the_delivery_changes_nothing_and_an_answer_counts_after_a_bounce(world: World) -> None:
    first, second = sent(world), sent(world, "bea")
    take([report("delivered", first, "1"), report("bounced", first, "2", is_hard=True)])
    assert state() == ("delivered", None)
    take([report("bounced", second, "3"), report("delivered", second, "4"), report("answered", second, "5")])
    assert state("bea") == ("answered", None)


def test_a_report_proves_that_an_unknown_one_was_sent(world: World) -> None:
    contact = sent(world, status="unknown")
    take([report("sent", contact)])
    assert state() == ("sent", None)


def test_one_that_a_person_called_not_sent_is_not_sent_again_when_its_report_comes(
    world: World, mailbox: Mailbox
) -> None:
    contact = sent(world, status="approved")
    assert take([report("delivered", contact)])["applied"] == 1
    assert state() == ("delivered", None) and moves() == ["sent", "delivered"]
    send_reminders({"email": channel_to(mailbox)}).raise_if_stopped()
    assert mailbox.messages() == []


def test_what_fits_no_contact_is_kept_aside_with_the_reason(world: World) -> None:
    contact = sent(world, status="failed")
    taken = take(
        [
            report("delivered", key="1", contact_id=str(uuid.uuid4())),
            report("delivered", key="2", contact_id="' or 1=1 --"),
            report("delivered", key="3", provider_id="SM1"),
            report("answered", key="4", address="nobody@x.pe"),
            report("delivered", contact, "5"),
        ]
    )
    assert taken == {"aside": 5}
    assert reports()[0] == ("delivered", "aside", "no contact of ours fits it")
    assert "the contact is failed" in (reports()[4][2] or "")
    assert moves() == []


def test_a_contact_is_found_by_the_providers_name_and_by_the_debtors_number(world: World) -> None:
    sent(world, channel="sms", provider_id="SM42")
    take([report("delivered", key="1", channel="sms", provider_id="SM42")])
    assert state() == ("delivered", None)
    take([report("answered", key="2", channel="sms", address="0051 987-654-321".replace("00", "+", 1))])
    assert state() == ("answered", None)


def test_many_receivers_at_once_apply_one_report_once(world: World) -> None:
    contact = sent(world)
    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda _: take([report("delivered", contact)]), range(12)))
    assert sum(each["applied"] for each in taken) == 1 and moves() == ["delivered"]


def test_a_hard_bounce_makes_the_address_bad_until_the_source_has_another(world: World, mailbox: Mailbox) -> None:
    contact = sent(world)
    take([report("bounced", contact, is_hard=True, said="5.1.1 no such user", address="ANA@cliente.pe")])
    assert state() == ("bounced", Reason.bad_address)
    (row,) = to_repair()
    assert (row["customer_id"], row["address"], row["reason"]) == ("ana", "ana@cliente.pe", "5.1.1 no such user")
    assert plan_reminders().skips == {Reason.bad_address: 1}
    world.customers["ana"]["email"] = "nueva@cliente.pe"
    world.publish(AS_OF + dt.timedelta(days=20))
    assert to_repair() == []
    plan_reminders()
    assert [row["recipient"] for row in contacts(status="planned")] == ["nueva@cliente.pe"]


def test_a_person_may_say_that_an_address_works(world: World) -> None:
    contact = sent(world)
    take([report("bounced", contact, is_hard=True)])
    assert works_again("ana", "Ana@cliente.pe", "test") == 1
    assert to_repair() == [] and plan_reminders().skips.get(Reason.bad_address) is None
    with pytest.raises(ConfigError, match="not known to be bad"):
        works_again("ana", "ana@cliente.pe", "test")


def test_a_soft_bounce_or_one_of_our_test_address_makes_nothing_bad(world: World) -> None:
    first, second = sent(world), sent(world, "bea")
    take([report("bounced", first, "1"), report("bounced", second, "2", is_hard=True, address="yo@empresa.pe")])
    assert state() == ("bounced", Reason.send_refused) and state("bea") == ("bounced", Reason.send_refused)
    assert to_repair() == []


def test_what_was_refused_when_it_was_sent_is_to_repair_too(world: World, tmp_path: object) -> None:
    world.owes("ana", due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    with Mailbox(tmp_path / "strict", refuse={"ana@.*": 550}) as strict:  # type: ignore[operator]
        assert send_reminders({"email": channel_to(strict)}).failed == 1
    assert [row["customer_id"] for row in to_repair()] == ["ana"]


def test_who_wants_no_more_is_written_down_once_with_evidence(world: World) -> None:
    contact = sent(world, channel="sms")
    take([report("answered", contact, "1", channel="sms", opts_out=True, said="BAJA", address=PHONE)])
    take([report("answered", contact, "2", channel="sms", opts_out=True, said="BAJA!!", address=PHONE)])
    assert opted_out() == [("ana", "sms", PHONE)]
    assert state() == ("answered", None)
    (row,) = query("select evidence from ops.contact_preferences")
    assert row["evidence"] == {"provider": "test", "report": "1", "contact": contact["id"], "said": "BAJA"}


@pytest.mark.parametrize("text", ["STOP", " stop. ", "Baja", "SAIR!", "\n\nparar\n> texto", "¡Baja!", "UNSUBSCRIBE"])
def test_words_that_want_no_more(text: str) -> None:
    assert wants_no_more(text)


@pytest.mark.parametrize("text", ["", "no paro", "Stop me if you can", "la baja la di ayer", "pagué\nstop", "bajar"])
def test_words_that_do_not(text: str) -> None:
    assert not wants_no_more(text)


def test_hostile_words_are_kept_as_one_visible_line(world: World) -> None:
    contact = sent(world)
    take([report("answered", contact, said="a\r\nBcc: x\x1b[31m\u202e" + "z" * 5000)])
    (row,) = query("select detail ->> 'said' as said from ops.contact_reports")
    assert row["said"].isprintable() and len(row["said"]) <= 500


def test_who_is_erased_is_gone_from_what_came_back_and_still_left_in_peace(world: World) -> None:
    contact = sent(world)
    words = "call me at 999 888 777"
    take([report("bounced", contact, "1", is_hard=True, said=words)])
    take([report("answered", contact, "2", opts_out=True, said=words)])
    take([report("answered", key="3", channel="sms", address="ana@cliente.pe", said=words)])
    query(
        "insert into ops.call_tasks (contact_id, phone, language_code, summary, script) values"
        f" ('{contact['id']}', '+51987654321', 'es', 'ana', '{words}') returning 1 as one"
    )
    assert audit.erase("ana", "test") > 0
    kept = query(
        "select (select json_agg(r) from ops.contact_reports as r)::text"
        " || (select json_agg(t) from ops.call_tasks as t) || (select json_agg(b) from ops.bad_addresses as b) as text"
    )[0]["text"]
    assert "999 888" not in kept and "ana@" not in kept and "+5198" not in kept
    assert opted_out() == [("ana", "email", "ana@cliente.pe")]
    assert query("select evidence from ops.contact_preferences") == [{"evidence": {}}]
    assert audit.verify().is_whole
