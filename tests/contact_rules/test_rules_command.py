"""`cartera rules` on the command line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cartera.cli import commands
from cartera.errors import ConfigError


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands(), ["rules", *arguments])


def answer(*arguments: str) -> tuple[int, dict[str, Any]]:
    result = run(*arguments, "--format", "json")
    return result.exit_code, json.loads(result.stdout)


def test_no_is_an_exit_status_and_names_the_rule_its_source_and_what_it_saw() -> None:
    status, found = answer("check", "--country", "PE", "--channel", "call", "--at", "2026-11-21T10:00")
    assert (status, found["is_allowed"], found["reason"]) == (1, False, "hours")
    assert found["next_allowed"] == "2026-11-23T12:00:00+00:00"
    (refused,) = [each for each in found["answers"] if not each["passed"]]
    assert refused["rule"] == "pe_hours"
    assert refused["saw"] == "Sat 2026-11-21 10:00 in America/Lima; that day: none"
    assert refused["sources"][0]["url"].startswith("https://lpderecho.pe/")
    assert refused["standing"] == "law"


def test_yes_in_a_table_and_as_csv() -> None:
    wanted = ("check", "--country", "PE", "--channel", "call", "--at", "2026-11-20T10:00", "--consumer")
    table = run(*wanted)
    assert table.exit_code == 0
    assert table.stdout.startswith("yes: call to PE at Fri 2026-11-20 10:00 -0500")
    rows = list(csv.DictReader(io.StringIO(run(*wanted, "--format", "csv").stdout)))
    assert {row["answer"] for row in rows} == {"yes"}
    assert {"law", "default"} <= {row["weight"] for row in rows}


def test_a_moment_with_an_offset_is_that_moment() -> None:
    status, _ = answer("check", "--country", "PE", "--channel", "call", "--at", "2026-11-20T11:59+00:00")
    assert status == 1
    status, _ = answer("check", "--country", "PE", "--channel", "call", "--at", "2026-11-20T12:00+00:00")
    assert status == 0


def test_a_history_from_csv_and_from_json(tmp_path: Path) -> None:
    sheet, document = tmp_path / "history.csv", tmp_path / "history.json"
    sheet.write_text("at,channel,outcome\n2026-11-23T09:00,sms,delivered\n", encoding="utf-8")
    document.write_text(
        json.dumps([{"at": "2026-11-23T14:00:00Z", "channel": "sms", "outcome": "delivered", "debts": ["F-1"]}]),
        encoding="utf-8",
    )
    base = ("check", "--country", "CO", "--channel", "email", "--authorised", "email", "--consumer")
    for path in (sheet, document):
        history = ("--history", str(path))
        status, found = answer(*base, *history, "--at", "2026-11-24T09:00")
        assert (status, found["reason"]) == (1, "distinct_channels")
        status, _ = answer(*base, *history, "--at", "2026-11-30T09:00")
        assert status == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("at,channel\n2026-11-23T09:00,sms\n2026-11-24,smz\n", r"(?s)history\.csv:3: channel: 'smz'.*did you mean sms"),
        ("at,channel\nyesterday,sms\n", r"history\.csv:2: at: 'yesterday' is not a moment"),
        ("when,channel\n2026-11-23,sms\n", r"history\.csv:1: there is no column 'at'"),
        ("at,channel,result\n2026-11-23,sms,x\n", r"history\.csv:2: result: there is no such column"),
    ],
)
def test_a_mistake_in_a_history_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "history.csv"
    path.write_text(text, encoding="utf-8")
    result = run(
        "check", "--country", "PE", "--channel", "sms", "--at", "2026-11-20T10:00", "--history", str(path)
    )  # fmt: skip
    assert isinstance(result.exception, ConfigError)
    with pytest.raises(ConfigError, match=message):
        raise result.exception


def test_next_gives_the_moment_in_the_zones_that_are_possible() -> None:
    result = run("next", "--country", "CL", "--channel", "call", "--after", "2026-11-21T21:00", "--format", "csv")
    assert result.exit_code == 0
    rows = {row["time_zone"]: row["next_allowed"] for row in csv.DictReader(io.StringIO(result.stdout))}
    # Saturday evening; on Easter Island it is two hours earlier, so all wait for Monday there
    assert rows["America/Santiago"] == "Mon 2026-11-23 10:00"
    assert rows["Pacific/Easter"] == "Mon 2026-11-23 08:00"
    zoned = run(
        "next", "--country", "CL", "--channel", "call", "--after", "2026-11-21T21:00",
        "--timezone", "America/Santiago", "--format", "csv",
    )  # fmt: skip
    assert "Mon 2026-11-23 08:00" in zoned.stdout


def test_next_says_when_there_is_none() -> None:
    status, found = answer(
        "next", "--country", "PE", "--channel", "sms", "--after", "2026-11-21T21:00", "--hold", "deceased"
    )
    assert status == 1
    assert found["next_allowed"] is None
    assert any("has died" in text for text in found["refused_now"])


def test_a_hold_with_its_first_day() -> None:
    status, found = answer(
        "next", "--country", "GB", "--channel", "email", "--after", "2026-11-21T21:00",
        "--hold", "breathing_space:2026-11-01",
    )  # fmt: skip
    assert status == 0
    assert found["next_allowed"] == "2026-12-31T08:00:00+00:00"


def test_list_says_what_where_from_and_how_sure() -> None:
    rows = list(csv.DictReader(io.StringIO(run("list", "--country", "CR", "--format", "csv").stdout)))
    cap = next(row for row in rows if row["rule"] == "cr_three_a_day")
    assert cap["weight"] == "consumer: caution"
    assert cap["level"] == "secondary_single"
    assert cap["says"] == "at most 3 (contact) a day per debtor"
    assert "amprensa.com" in cap["source"]
    hours = next(row for row in rows if row["rule"] == "cr_hours")
    assert hours["source"] == "Cartera's own, not law"
    assert hours["says"] == "mon-fri 08:00-20:00; sat 08:00-12:00; sun-holiday none"


def test_list_gives_every_pack_in_full_as_json() -> None:
    found = json.loads(run("list", "--format", "json").stdout)
    packs = {pack["id"]: pack for pack in found["packs"]}
    assert len(packs) == 27
    assert packs["EU-DATA"]["unverified"] == ["everything in this entry"]
    assert not packs["EU-DATA"]["is_verified"]
    assert all(pack["rules"] and pack["confidence"] for pack in packs.values())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--country", "XX"), "'XX' is no country"),
        (("--country", "Peru"), "'Peru' is no country"),
        (("--country", "PE", "--timezone", "America/Limon"), "no time zone"),
        (("--country", "PE", "--hold", "disput"), "did you mean dispute"),
    ],
)
def test_words_that_mean_nothing_are_refused(arguments: tuple[str, ...], message: str) -> None:
    result = run("check", "--channel", "sms", "--at", "2026-11-20T10:00", *arguments)
    assert isinstance(result.exception, ConfigError)
    assert message in str(result.exception)


def test_without_a_country_the_answer_is_no_and_why() -> None:
    status, found = answer("check", "--channel", "email", "--at", "2026-11-20T10:00")
    assert (status, found["reason"], found["next_allowed"]) == (1, "time_zone", None)
    assert any("country is not known" in note for note in found["notes"])
