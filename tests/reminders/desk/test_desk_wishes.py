"""How a customer may be reached, as said on the phone: recorded once, by who may, and heard by the next message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg2
import pytest
from desk_world import ANA, BOSS, file_of, new_id, promise
from psycopg2.errors import CheckViolation, InsufficientPrivilege
from reminder_world import World, query

from cartera import desk, outgoing
from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.desk import Actor, Wish
from cartera.errors import ConfigError, Conflict, NotAllowed
from cartera.reminders import consents, dossier

MOBILE, OTHER = "+51987654321", "+51987654322"
SAID = "select customer_id, channel, address, kind, by, evidence ->> 'reason' as reason from ops.contact_preferences"


@pytest.fixture
def owing(world: World) -> World:
    world.customer("ana", phone="987 654 321", country_code="PE", timezone="America/Lima")
    world.owes("ana", due=-10)
    world.customer("bea", company_id="other")
    world.owes("bea", due=-10, company_id="other")
    world.publish()
    return world


def stop(channel: str = "whatsapp", address: str = "", by: Actor = ANA, id: str = "", **rest: Any) -> Wish:
    return desk.wish(by, id or new_id(), "ana", channel=channel, said="opted_out", address=address, **rest)


def allow(channel: str = "whatsapp", address: str = "", by: Actor = ANA, id: str = "", **rest: Any) -> Wish:
    given = {"statement": "yes, there"} | rest
    return desk.wish(by, id or new_id(), "ana", channel=channel, said="authorised", address=address, **given)


def ways() -> dict[str, desk.Way]:
    return {each.channel: each for each in desk.ways(ANA, "ana")}


def test_it_is_what_was_said_by_whom_and_when_and_stands_in_the_journal(owing: World) -> None:
    made = stop(address="987 654 321", statement="no more of that")
    assert (made.channel, made.address, made.said, made.by) == ("whatsapp", MOBILE, "opted_out", ANA.user)
    (kept,) = query(SAID + " where customer_id = 'ana'")
    assert kept == {
        "customer_id": "ana", "channel": "whatsapp", "address": MOBILE, "kind": "opt_out", "by": ANA.user,
        "reason": "no more of that",
    }  # fmt: skip
    (action,) = file_of("ana").actions
    assert (action.kind, action.thing_id, action.by, action.role) == ("wish", made.wish_id, ANA.user, "collector")
    assert file_of("ana").wishes == (made,) and abs((utc_now() - made.at).total_seconds()) < 60
    (row,) = query("select at, evidence ->> 'action_id' as action_id from ops.contact_preferences")
    assert row == {"at": made.at, "action_id": made.wish_id}


def test_the_same_form_twice_is_one_word(owing: World) -> None:
    id = new_id()
    assert stop(id=id) == stop(id=id)
    assert query("select count(*) as n from ops.contact_preferences") == [{"n": 1}]
    with pytest.raises(ConfigError, match="recorded already"):
        allow(id=id)
    assert query("select kind from ops.contact_preferences") == [{"kind": "opt_out"}]


def test_the_last_word_counts_for_each_channel_and_address(owing: World) -> None:
    assert ways()["sms"].address == MOBILE and ways()["sms"].is_authorised is None
    stop(address=MOBILE)
    assert (ways()["whatsapp"].address, ways()["whatsapp"].is_authorised) == (None, False)
    assert ways()["whatsapp"].known == (MOBILE,) and ways()["sms"].address == MOBILE, "another channel is another"
    stop("all")
    assert {name: way.is_authorised for name, way in ways().items() if name != "letter"} == dict.fromkeys(
        ("email", "sms", "whatsapp", "voice", "call", "push"), False
    )
    allow("sms")
    assert (ways()["sms"].address, ways()["sms"].is_authorised) == (MOBILE, True)
    assert ways()["whatsapp"].address is None


def test_what_the_contacts_part_shows_is_told_of_an_address_too(owing: World) -> None:
    stop("email", address="ana@cliente.pe")
    found = {each.channel: each for each in dossier.dossier("ana", utc_now()).ways}
    assert (found["email"].address, found["email"].said, found["email"].why) == (None, False, "the customer opted out")
    assert found["sms"].address == MOBILE and found["sms"].said is None
    rows, _ = consents.list_channels("ana")
    assert {row["channel"]: row["consent"] for row in rows}["email"] == "opted out"


def test_an_address_that_is_authorised_is_used_whatever_was_known_before(owing: World) -> None:
    allow(address="+51 987 654 322")
    assert ways()["whatsapp"].address == OTHER and ways()["sms"].address == MOBILE
    desk.repair_contact(ANA, new_id(), "ana", channel="whatsapp", address=MOBILE)
    assert ways()["whatsapp"].address == MOBILE
    allow(address=OTHER, statement="not there, here")
    assert ways()["whatsapp"].address == OTHER, "what was found out before gives way"
    failed = {"customer_id": "ana", "channel": "email", "recipient": "new@cliente.pe", "contact_id": None}
    with transaction(Role.campaign) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.bad_addresses (customer_id, channel, address, is_bad, reason, noted_by)"
            " values (%(customer_id)s, %(channel)s, %(recipient)s, true, 'bounced', 'test')",
            failed,
        )
    allow("email", address="new@cliente.pe")
    assert ways()["email"].address == "new@cliente.pe", "a person says that it works"


FAULTS: dict[str, tuple[Callable[[], Any], str]] = {
    "channel": (lambda: stop("pigeon"), "no channel"),
    "said": (lambda: desk.wish(ANA, new_id(), "ana", channel="sms", said=""), "is not chosen"),  # type: ignore[arg-type]
    "an address of all": (lambda: stop("all", address=MOBILE), "one of a channel"),
    "no number": (lambda: stop(address="12"), "'12' is no address for whatsapp"),
    "a fixed line": (lambda: stop("sms", address="+51 1 6193000"), "no address for sms"),
    "no e-mail address": (lambda: allow("email", address="a@b, c@d.pe"), "no address for email"),
    "who authorises is quoted": (lambda: allow(statement=" "), "statement is empty"),
    "long": (lambda: stop(statement="x" * 3000), "longer than"),
    "nobody": (lambda: desk.wish(ANA, new_id(), "nobody", channel="sms", said="opted_out"), "no customer"),
    "id": (lambda: stop(id="x"), "no action id"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_can_not_be_is_refused_and_nothing_is_recorded(owing: World, fault: str) -> None:
    do, match = FAULTS[fault]
    with pytest.raises(ConfigError, match=match):
        do()
    assert query("select 1 from ops.desk_actions union all select 1 from ops.contact_preferences") == []


@pytest.mark.parametrize(
    "looker",
    [
        Actor("eva@acme.pe", "finance"), Actor("eva@acme.pe", "analyst"),
        Actor("leo@other.pe", "manager", frozenset({"other"})),
    ],
    ids=["finance", "analyst", "another company"],
)  # fmt: skip
def test_who_may_not_record_here_records_no_wish(owing: World, looker: Actor) -> None:
    for do in (stop, allow):
        with pytest.raises(NotAllowed):
            do(by=looker)
    assert query(SAID) == []
    assert desk.wish(BOSS, new_id(), "bea", channel="all", said="opted_out").by == BOSS.user


ADD = "insert into ops.contact_preferences (customer_id, channel, kind, by, evidence) values ('ana', 'sms', 'opt_out', "


def test_the_database_lets_the_desk_add_only_what_its_journal_has(owing: World) -> None:
    made = stop(by=ANA)
    id = made.wish_id
    lies = (
        f"{ADD} '{ANA.user}', '{{}}')",
        f"{ADD} '{BOSS.user}', '{{\"action_id\": \"{id}\"}}')",
        f"{ADD.replace('ana', 'bea')} '{ANA.user}', '{{\"action_id\": \"{id}\"}}')",
        "update ops.contact_preferences set kind = 'authorised'",
        "delete from ops.contact_preferences",
    )
    for lie in lies:
        with pytest.raises(InsufficientPrivilege), transaction(Role.desk) as connection:
            connection.cursor().execute(lie)
    for role in (Role.reader, Role.viewer, Role.loader):
        with pytest.raises(psycopg2.Error), transaction(role) as connection:
            connection.cursor().execute(f"set transaction read write; {ADD} 'x', '{{}}')")
    journal = (
        "insert into ops.desk_actions (action_id, kind, customer_id, thing, thing_id, version, acted_by, acted_as,"
        " acted_at, asked, after) values (gen_random_uuid(), 'wish', 'ana', 'wish', 'x', 1, 'eva', 'analyst', now(),"
        " '', '{}')"
    )
    with pytest.raises(CheckViolation), transaction(Role.desk) as connection:
        connection.cursor().execute(journal)
    assert query("select count(*) as n from ops.contact_preferences") == [{"n": 1}]


def test_an_authorisation_does_not_overrule_what_a_colleague_was_just_told(owing: World) -> None:
    seen = file_of("ana").version
    stop("sms", by=BOSS)
    with pytest.raises(Conflict) as caught:
        allow("sms", seen=seen)
    (theirs,) = caught.value.theirs
    assert (theirs.by, theirs.after["said"], theirs.after["channel"]) == (BOSS.user, "opted_out", "sms")
    assert allow("sms", seen=seen + 1).said == "authorised", "having seen it"
    assert stop("sms", seen=seen).said == "opted_out", "a no counts at once, whatever others did"


def test_what_is_said_of_channels_is_not_in_the_way_of_agreements(owing: World) -> None:
    seen = file_of("ana").version
    stop("sms", by=BOSS)
    assert promise("ana", seen=seen).version == 1
    assert allow("email", by=BOSS, seen=seen + 1).said == "authorised"


def test_erased_the_no_stays_and_its_words_go(owing: World) -> None:
    stop(address=MOBILE, statement="my new number is a secret")
    outgoing.erase_customer("ana", "privacy officer")
    assert query("select channel, address, kind, evidence from ops.contact_preferences") == [
        {"channel": "whatsapp", "address": MOBILE, "kind": "opt_out", "evidence": {}}
    ]
    assert query("select after from ops.desk_actions") == [{"after": {}}]
