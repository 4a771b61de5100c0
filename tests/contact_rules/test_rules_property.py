"""Law 7: the engine against a second, naive reading of the same YAML, on generated moments and histories."""

from __future__ import annotations

import datetime as dt
import functools
import random
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.naive_rules import PACKS, read_packs, refusals

from cartera.contact_rules import Channel, Event, Hold, HoldKind, Outcome, Place, Question, Recipient, Rulebook
from cartera.contact_rules.pack import load_pack, load_packs

ZONES = (
    "America/Lima", "America/Santiago", "America/New_York", "Pacific/Honolulu", "Europe/London", "Atlantic/Canary",
    "Australia/Lord_Howe", "Asia/Kathmandu", None, None, None,
)  # fmt: skip
PLACES = (
    ("CO", None), ("PE", None), ("CL", None), ("MX", None), ("AR", None), ("AR", "C"), ("AR", "X"), ("UY", None),
    ("EC", None), ("CR", None), ("GT", None), ("BR", None), ("BR", "SP"), ("BR", "são paulo"), ("BR", "BR-RJ"),
    ("BR", "ES"), ("BR", "AM"), ("BR", "AL"), ("BR", "PR"), ("BR", "nowhere"), ("ES", None), ("DE", None), ("GB", None),
    ("UK", None), ("US", None), ("US", "MA"), ("US", "DC"), ("US", "TX"), ("PY", None), ("TV", None), (None, None),
    ("", None), ("XX", None),
)  # fmt: skip
FIRST = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
MINUTES = 731 * 24 * 60
"""2027 and 2028, which has a 29 February."""

COMPANY = """\
id: HOUSE
name: The company's own rules
applies: company
is_verified: true
confidence: ours
scope: {consumer: true, business: true}
rules:
  - {id: house_hours, kind: hours, text: Late and early, level: company, debtors: {consumer: policy, business: policy},
     channels: all, open: {mon: ["00:30-01:30", "09:00-18:00"], tue: ["00:00-24:00"], wed: ["22:15-23:45"],
       thu: ["02:10-02:50"], fri: ["09:00-12:00", "12:00-15:00"], sat: ["23:00-23:40"], sun: ["00:10-02:40"],
       holiday: ["10:00-11:00"]}}
  - {id: house_cap, kind: cap, text: Three in nine days, level: company, debtors: {consumer: policy},
     channels: [email, sms, call], max: 3, unit: attempt, window: rolling_days, days: 9, scope: debt}
  - {id: house_distinct, kind: distinct_channels, text: Two channels in four days, level: company,
     debtors: {consumer: policy, business: policy}, channels: all, max: 2, unit: delivered,
     window: rolling_days, days: 4}
"""


def changes(zone: str) -> list[dt.datetime]:
    """The moments of the two years at which the clocks of a zone are set."""
    tz, found = ZoneInfo(zone), []
    for hour in range(MINUTES // 60):
        moment = FIRST + dt.timedelta(hours=hour)
        later = moment + dt.timedelta(hours=1)
        if moment.astimezone(tz).utcoffset() != later.astimezone(tz).utcoffset():
            found.append(later)
    return found


@functools.cache
def special_moments() -> list[dt.datetime]:
    clocks = [moment for zone in ZONES if zone for moment in changes(zone)]
    assert len(clocks) == 20  # five of the zones set clocks, four times each
    leap = [dt.datetime(2028, 2, 28, 12, tzinfo=dt.UTC) + dt.timedelta(hours=hours) for hours in range(0, 48, 3)]
    year = [dt.datetime(2027, 12, 31, tzinfo=dt.UTC) + dt.timedelta(hours=hours) for hours in range(0, 48, 5)]
    return clocks + leap + year


def moment_near(rng: random.Random, special: list[dt.datetime]) -> dt.datetime:
    if rng.random() < 0.3:
        return rng.choice(special) + dt.timedelta(minutes=rng.randint(-26 * 60, 26 * 60))
    return FIRST + dt.timedelta(minutes=rng.randrange(MINUTES))


def drawn(rng: random.Random, special: list[dt.datetime]) -> dict[str, Any]:
    """A question in plain words, as the naive reader takes it."""
    country, region = rng.choice(PLACES)
    at = moment_near(rng, special)
    channels = [str(each) for each in Channel]
    debts = ["a", "b", "c"]
    question: dict[str, Any] = {
        "at": at,
        "channel": rng.choice(channels),
        "country": country,
        "region": region,
        "timezone": rng.choice((*ZONES, "Nowhere/Atlantis") if rng.random() < 0.2 else ZONES),
        "is_business": rng.choice((None, True, False, False)),
        "debts": rng.sample(debts, rng.choice((0, 1, 1, 2))),
        "authorised": rng.choice((None, channels, channels, channels, ["sms"])),
        "opted_out": rng.choice(([], [], [], [], ["sms", "call"])),
        "recipient": rng.choice(["debtor"] * 12 + [str(each) for each in Recipient]),
        "place": rng.choice(["home"] * 6 + ["work"]),
        "is_strict": rng.random() < 0.2,
        "history": [],
        "holds": [],
    }
    few = rng.sample(channels, 2)
    for _ in range(rng.choice((0, 0, 1, 2, 3, 5, 9))):
        question["history"].append(
            {
                "at": at
                - dt.timedelta(
                    minutes=rng.choice((rng.randint(-300, 3000), rng.randint(0, 12_000), rng.randint(0, 45_000)))
                ),
                "channel": rng.choice((*few, question["channel"], question["channel"])),
                "outcome": rng.choice([str(each) for each in Outcome]),
                "debts": rng.sample(debts, rng.choice((0, 1, 2))),
                "is_inbound": rng.random() < 0.15,
                "place": rng.choice(("home", "home", "work", None)),
            }
        )
    if rng.random() < 0.12:
        since = rng.choice((None, at.date() - dt.timedelta(days=rng.randint(-2, 70))))
        until = rng.choice((None, at.date() + dt.timedelta(days=rng.randint(-2, 40))))
        question["holds"].append(
            {"kind": rng.choice([str(each) for each in HoldKind]), "since": since, "until": until,
             "debt": rng.choice((None, "a"))}
        )  # fmt: skip
    return question


def typed(question: dict[str, Any]) -> Question:
    """The same question as the engine takes it."""
    authorised = question["authorised"]
    return Question(
        at=question["at"],
        channel=Channel(question["channel"]),
        country=question["country"],
        region=question["region"],
        timezone=question["timezone"],
        is_business=question["is_business"],
        debts=frozenset(question["debts"]),
        history=tuple(
            Event(each["at"], Channel(each["channel"]), Outcome(each["outcome"]), frozenset(each["debts"]),
                  each["is_inbound"], Place(each["place"]) if each["place"] else None)
            for each in question["history"]
        ),
        holds=tuple(
            Hold(HoldKind(each["kind"]), each["since"], each["until"], each["debt"]) for each in question["holds"]
        ),
        opted_out=frozenset(Channel(each) for each in question["opted_out"]),
        authorised=None if authorised is None else frozenset(Channel(each) for each in authorised),
        recipient=Recipient(question["recipient"]),
        place=Place(question["place"]),
        is_strict=question["is_strict"],
    )  # fmt: skip


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, tuple[Rulebook, list[dict[str, Any]]]]:
    """Both readers, without and with rules of a company that has windows at odd hours."""
    folder = tmp_path_factory.mktemp("house")
    path: Path = folder / "house.yaml"
    path.write_text(COMPANY, encoding="utf-8")
    packs = load_packs()
    return {
        False: (Rulebook(packs), read_packs()),
        True: (Rulebook((*packs, load_pack(path))), read_packs() + read_packs(folder)),
    }


@pytest.mark.parametrize("seed", range(20))
def test_the_engine_and_a_naive_reader_give_the_same_answers(readers: Any, seed: int) -> None:
    rng, special = random.Random(seed), special_moments()
    allowed, asked, said_no = 0, set(), set()
    for _ in range(600):
        question = drawn(rng, special)
        book, packs = readers[rng.random() < 0.15]
        verdict = book.check(typed(question))
        found = {answer.rule.id for answer in verdict.refusals}
        assert found == refusals(packs, question), question
        assert verdict.is_allowed == (not found)
        allowed += verdict.is_allowed
        asked |= {answer.rule.pack_id for answer in verdict.answers}
        said_no |= found
    assert 30 < allowed < 500
    assert len(asked) >= len(list(PACKS.glob("*.yaml"))) - 3  # EU-B2B, EU-DATA and UK-B2B only inform
    assert len(said_no) > 30


@pytest.mark.parametrize("seed", range(20))
def test_next_is_allowed_and_no_earlier_minute_is(readers: Any, seed: int) -> None:
    rng, special = random.Random(1_000 + seed), special_moments()
    found = moved = 0
    for _ in range(60):
        question = drawn(rng, special)
        book, packs = readers[rng.random() < 0.4]
        start = question["at"]
        moment = book.next_allowed(typed(question))
        if moment is None:
            end = start + dt.timedelta(days=60)
        else:
            found += 1
            moved += moment > start
            end = moment
            assert moment >= start
            assert refusals(packs, question | {"at": moment}) == set(), question
            assert book.check(typed(question | {"at": moment})).is_allowed
        minutes = int((end - start).total_seconds() // 60)
        earlier = {rng.randrange(minutes) for _ in range(25)} if minutes else set()
        # just before, and every quarter of an hour of the day before: where an opening would be overlooked
        earlier |= {minutes - 1, *range(max(minutes - 1440, 0), minutes, 15)} if minutes else set()
        for minute in earlier:
            at = start + dt.timedelta(minutes=minute)
            if at < end:
                assert refusals(packs, question | {"at": at}), (question, at, moment)
    assert found > 15
    assert moved > 10
