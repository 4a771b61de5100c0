"""Generated questions about contact rules: moments of two years in eight time zones, histories, holds, residences."""

from __future__ import annotations

import datetime as dt
import functools
import random
from typing import Any
from zoneinfo import ZoneInfo

from cartera.contact_rules import Channel, Event, Hold, HoldKind, Outcome, Place, Question, Recipient

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
        # breathing spaces last sixty days: at their end the day matters
        since = rng.choice(
            (None, at.date() - dt.timedelta(days=rng.choice((rng.randint(-2, 70), rng.randint(57, 62)))))
        )
        until = rng.choice((None, at.date() + dt.timedelta(days=rng.randint(-2, 40))))
        kind = rng.choice(["breathing_space"] * 6 + [str(each) for each in HoldKind])
        question["holds"].append({"kind": kind, "since": since, "until": until, "debt": rng.choice((None, "a"))})
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
