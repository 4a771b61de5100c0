"""Law 7: the engine against a second, naive reading of the same YAML, on generated moments and histories."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pytest
from support.naive_rules import PACKS, read_packs, refusals
from support.rule_questions import drawn, special_moments, typed

from cartera.contact_rules import Rulebook
from cartera.contact_rules.pack import load_pack, load_packs

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


def test_next_sees_an_opening_that_comes_back_when_clocks_are_set_back(readers: Any) -> None:
    """In Santiago 24:00 becomes 23:00 on Saturday, 3 April 2027: hours from 23:00 to 23:40 come twice."""
    question = drawn(random.Random(0), special_moments()) | {
        "country": "CL", "region": None, "timezone": "America/Santiago", "channel": "letter", "history": [],
        "holds": [], "opted_out": [], "recipient": "debtor", "place": "home", "is_strict": False, "is_business": False,
        "at": dt.datetime(2027, 4, 4, 2, 50, tzinfo=dt.UTC),
    }  # fmt: skip
    _, house = readers[True]
    only = [pack for pack in house if pack["id"] == "HOUSE"]
    assert refusals(only, question) == {"house_hours"}
    book = Rulebook([pack for pack in readers[True][0].packs if pack.id == "HOUSE"])
    assert book.next_allowed(typed(question)) == dt.datetime(2027, 4, 4, 3, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize("seed", range(10))
def test_an_opening_is_allowed_from_its_first_to_its_last_minute(readers: Any, seed: int) -> None:
    rng, special = random.Random(2_000 + seed), special_moments()
    found = 0
    for _ in range(150):
        question = drawn(rng, special)
        question["holds"] = []
        question["history"] = [event for event in question["history"] if event["at"] <= question["at"]]
        book, packs = readers[rng.random() < 0.4]
        until = question["at"] + dt.timedelta(days=rng.choice((1, 3)))
        opening = book.opening(typed(question), until)
        if opening is None:
            continue
        found += 1
        start, end = opening
        assert question["at"] <= start < until
        assert start < end
        minutes = int((end - start).total_seconds() // 60)
        for minute in {0, *(rng.randrange(max(minutes, 1)) for _ in range(8)), max(minutes - 1, 0)}:
            at = start + dt.timedelta(minutes=minute)
            assert refusals(packs, question | {"at": at}) == set(), (question, opening, at)
    assert found > 20
