"""`cartera reports` on the command line: list, run, export, schedule, send, settle."""

from __future__ import annotations

import csv
import getpass
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from support.serve_fixture import publish_items, sample_items
from typer.testing import CliRunner, Result

from cartera import viewed
from cartera.cli import commands
from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.reminders.channels.email import EmailChannel
from cartera.reports import store
from cartera.reports.document import Document, Part
from cartera.sandbox.mailbox.smtp import Mailbox

BY_BUCKET = Document(parts=(Part(mart="aging", dimensions=("bucket",), measures=("open_amount",)),))


def _ran(*words: str) -> Result:
    result = CliRunner().invoke(commands(), ["reports", *words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def _json(*words: str) -> Any:
    return json.loads(_ran(*words, "--format", "json").stdout)


@pytest.fixture(autouse=True)
def published(database: str) -> None:
    publish_items(sample_items())
    store.save("local", "By bucket", BY_BUCKET)


def _open(currency: str) -> Decimal:
    debts = [each for each in sample_items() if (each.item_type, each.currency_code) == ("instalment", currency)]
    return sum((each.item_amount for each in debts), Decimal(0))


def test_a_report_is_printed_with_totals_that_are_the_sums_of_its_rows() -> None:
    (part,) = _json("run", "By bucket", "--where", "currency_code=PEN|USD")["parts"]
    for code in ("PEN", "USD"):
        added = sum(Decimal(row["open_amount"]) for row in part["rows"] if row["currency_code"] == code)
        assert Decimal(part["totals"][code]["open_amount"]) == added == _open(code)
    assert set(part["totals"]) == {"PEN", "USD"} and part["filters"] == "Currency: PEN, USD"
    rows = list(csv.DictReader(io.StringIO(_ran("run", "By bucket", "--format", "csv").stdout)))
    assert len(rows) == 18


def test_it_is_written_to_a_file_of_each_kind(tmp_path: Path) -> None:
    for kind, ending in (("xlsx", ".xlsx"), ("xlsx-raw", "-raw.xlsx"), ("csv", ".csv"), ("pdf", ".pdf")):
        folder = tmp_path / kind
        folder.mkdir()
        _ran("export", "By bucket", "--format", kind, "--language", "pt", "--output", str(folder))
        assert [file.name for file in folder.iterdir()] == [f"cartera-by-bucket-2026-06-30{ending}"]
    lines = CalamineWorkbook.from_path(
        tmp_path / "xlsx" / "cartera-by-bucket-2026-06-30.xlsx"
    ).get_sheet_by_index(0).to_python()  # fmt: skip
    assert ["Saldo em aberto" in line for line in lines].count(True) == 1
    newest, *_ = logged = viewed.listed()
    assert len(logged) == 4 and newest["subject"] == "cartera-by-bucket-2026-06-30.pdf"
    assert (newest["kind"], newest["viewed_by"], newest["row_count"]) == ("export", getpass.getuser(), 18)
    assert newest["filters"]["report"] == "By bucket"


def test_another_date_and_another_amount() -> None:
    printed = _json("run", "By bucket", "--as-of", "2026-03-31", "--where", "open_amount>=1000000")
    assert printed["as_of"] == "2026-03-31"
    assert all(Decimal(row["open_amount"]) >= 1_000_000 for row in printed["parts"][0]["rows"])


@pytest.mark.parametrize(
    "words",
    [
        ("run", "nothing"),
        ("run", "By bucket", "--where", "collector"),
        ("run", "By bucket", "--where", "moon=1"),
        ("run", "By bucket", "--where", "open_amount>=much"),
        ("run", "By bucket", "--where", "company_id=mian"),
        ("export", "By bucket", "--where", "bucket=1-30|1-3"),
        ("run", "auditor_aging", "--where", "company_id=mian"),
        ("schedule", "By bucket", "--to", "x@example.com", "--weekdays", "1", "--where", "company_id=mian"),
        ("schedule", "By bucket", "--to", "x@example.com"),
        ("schedule", "By bucket", "--to", "x@example.com", "--weekdays", "monday"),
        ("schedule", "By bucket", "--to", "nobody", "--weekdays", "1"),
        ("settle", "x", "2026-06-30", "--sent"),
        ("unschedule", "00000000-0000-0000-0000-000000000000"),
    ],
)
def test_what_is_not_possible_is_said_in_plain_words(words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as error:
        _ran(*words)
    assert error.value.problem and error.value.mend


def test_a_misspelt_value_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigError) as error:
        _ran("schedule", "By bucket", "--to", "x@example.com", "--weekdays", "1", "--where", "company_id=mian|main")
    assert (error.value.problem, error.value.mend) == ("no company_id is called mian", "known are main, norte")
    assert _json("list")["schedules"] == []
    _ran("schedule", "auditor_aging", "--to", "x@example.com", "--weekdays", "1", "--where", "company_id=main")
    assert len(_json("list")["schedules"]) == 1


def test_scheduled_sent_listed_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _ran("schedule", "By bucket", "--to", "cfo@example.com", "--weekdays", "1,2,3,4,5,6,7", "--hour", "0")
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.report_schedules set active_from = now() - interval '3 days'")
    with Mailbox(tmp_path) as mailbox:
        host, port = mailbox.address
        channel = EmailChannel(host=host, port=port, is_real=False, finder=mailbox.store.has)
        monkeypatch.setattr("cartera.outgoing.reminder_channels", lambda: {"email": channel})
        assert "sent 1 (the sandbox mailbox)" in _ran("send").stderr.replace("\n", " ")
        assert "sent 0" in _ran("send").stderr
        assert len(mailbox.messages()) == 1
    listed = _json("list")
    assert [(row["status"], row["recipient"]) for row in listed["deliveries"]] == [("sent", "cfo@example.com")]
    (scheduled,) = listed["schedules"]
    _ran("unschedule", scheduled["schedule_id"])
    assert _json("list")["schedules"] == []
    assert "By bucket" in _ran("list").stdout
