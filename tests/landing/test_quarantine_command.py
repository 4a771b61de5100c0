"""`cartera quarantine`, from an export with bad rows to the corrected mapping."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from payments import current, rows
from psycopg2.extensions import connection as Connection
from typer.testing import CliRunner

from cartera import viewed
from cartera.cli import quarantine
from cartera.cli.output import printable
from cartera.cli.reminders import current_user
from cartera.clock import utc_now
from cartera.connectors.files import deliveries, load_source
from cartera.errors import ConfigError
from cartera.landing import land_all
from cartera.settings import get_settings

MAPPING = """\
system: files
entities:
  payments:
    files: {file}
    delivery: full
    dates: {dates}
    columns: {{payment_id: Recibo, customer_id: Cliente, received_date: Fecha, amount: Importe, reference: Glosa}}
    constants: {{currency_code: PEN}}
"""
EXPORT = (
    "Recibo;Cliente;Fecha;Importe;Glosa\n"
    "0001;C1;2026-05-01;10.50;bien\n"
    "0002;C1;01/05/2026;20.25;se\xf1or \x1b[31m[red]rojo\n"
    "0003;C2;nunca;30;nada\n"
)


@pytest.fixture
def sources(landing_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CARTERA_SOURCES_DIR", str(tmp_path))
    get_settings.cache_clear()
    (tmp_path / "export.csv").write_bytes(EXPORT.encode("latin-1"))
    yield tmp_path
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.fixture
def landed(connection: Connection, sources: Path) -> Path:
    write_mapping(sources, "'%Y-%m-%d'")
    source = load_source(sources / "erp.yaml")
    land_all(connection, source.name, deliveries(source, connection), utc_now())
    connection.commit()
    return sources


def write_mapping(folder: Path, dates: str) -> None:
    (folder / "erp.yaml").write_text(MAPPING.format(file=folder / "export.csv", dates=dates))


def cartera(*arguments: str) -> Result:
    app = typer.Typer()
    quarantine.register(app)
    app.command()(lambda: None)
    return CliRunner().invoke(app, ["quarantine", *arguments], env={"COLUMNS": "200"})


def as_json(*arguments: str) -> Any:
    result = cartera(*arguments, "--format", "json")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return json.loads(result.stdout)


def test_list_says_which_row_and_why(landed: Path) -> None:
    listed = as_json("list")
    assert listed["is_complete"]
    first, second = listed["rows"]
    assert (first["record_key"], first["entity"], first["status"]) == ("0002", "payments", "open")
    assert first["file_name"] == str(landed / "export.csv")
    assert "01/05/2026" in first["message"]
    assert (Decimal(second["amount"]), second["currency_code"]) == (Decimal(30), "PEN")


def test_list_filters(landed: Path) -> None:
    assert as_json("list", "--source", "erp", "--entity", "payments", "--limit", "1")["is_complete"] is False
    assert as_json("list", "--source", "other")["rows"] == []
    assert as_json("list", "--status", "replayed")["rows"] == []
    assert "nothing is replayed in quarantine" in cartera("list", "--status", "replayed").stderr


def test_show_gives_the_original_bytes_and_the_mend(landed: Path) -> None:
    ((quarantine_id,), *_rest) = [(row["quarantine_id"],) for row in as_json("list")["rows"]]
    shown = as_json("show", str(quarantine_id))
    assert base64.b64decode(shown["raw_base64"]) == EXPORT.splitlines()[2].encode("latin-1")
    assert f"cartera quarantine replay {quarantine_id}" in shown["mend"]


def test_outside_text_does_not_speak_to_the_terminal(landed: Path) -> None:
    shown = cartera("show", str(as_json("list")["rows"][0]["quarantine_id"])).stdout
    assert "\x1b" not in shown
    assert "se\\xf1or \\x1b[31m[red]rojo" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\x1b]0;x\x07", "a\\x1b]0;x\\x07"), ("\u202egnp", "\\u202egnp"), ("año €", "año €"), ("\n", "\\n")],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_show_of_nothing_says_where_to_look() -> None:
    assert isinstance(cartera("show", "x").exception, SystemExit)


def test_show_of_an_unknown_id(landed: Path) -> None:
    with pytest.raises(ConfigError, match="nothing in quarantine has the id 999"):
        raise cartera("show", "999").exception or AssertionError


def test_replay_after_the_mapping_is_corrected(landed: Path, connection: Connection) -> None:
    write_mapping(landed, "['%Y-%m-%d', '%d/%m/%Y']")
    result = cartera("replay", "--format", "json")
    report = json.loads(result.stdout)
    assert (report["rows_replayed"], report["rows_open"], result.exit_code) == (1, 1, 1)
    assert current(connection)["0002"] == (Decimal("20.25"), "señor \x1b[31m[red]rojo")
    assert rows(connection, "select record_key, status from quarantine.records order by 1") == [
        ("0002", "replayed"),
        ("0003", "open"),
    ]
    connection.rollback()
    assert "0 landed, 0 superseded by something newer, 1 still bad" in cartera("replay").stderr


def test_replay_with_nothing_left_bad_is_a_yes(landed: Path, connection: Connection) -> None:
    write_mapping(landed, "['%Y-%m-%d', '%d/%m/%Y']")
    wanted = as_json("list")["rows"][0]["quarantine_id"]
    assert cartera("replay", str(wanted)).exit_code == 0
    logged = viewed.listed(subject=str(wanted))[0]
    assert (logged["kind"], logged["viewed_by"], logged["row_count"]) == ("replay", current_user(), 1)
    assert set(current(connection)) == {"0001", "0002"}


def test_a_replay_that_can_not_be_logged_is_not_done(
    landed: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_mapping(landed, "['%Y-%m-%d', '%d/%m/%Y']")
    monkeypatch.setattr(viewed, "record", lambda *_: 1 / 0)
    assert isinstance(cartera("replay").exception, ZeroDivisionError)
    assert set(current(connection)) == {"0001"}


def test_replay_of_a_source_that_is_gone(landed: Path) -> None:
    (landed / "erp.yaml").unlink()
    with pytest.raises(ConfigError, match="'erp' are in quarantine, but it is not connected"):
        raise cartera("replay").exception or AssertionError


def test_repeated_keys_are_kept_with_their_bytes(connection: Connection, sources: Path) -> None:
    twice = "Recibo;Cliente;Fecha;Importe;Glosa\n0001;C1;2026-05-01;1;a\n0001;C1;2026-05-01;1;b\n"
    (sources / "export.csv").write_text(twice)
    write_mapping(sources, "'%Y-%m-%d'")
    source = load_source(sources / "erp.yaml")
    land_all(connection, source.name, deliveries(source, connection), utc_now())
    connection.commit()
    assert [bytes(raw) for (raw,) in rows(connection, "select raw_bytes from quarantine.records order by 1")] == [
        b"0001;C1;2026-05-01;1;a", b"0001;C1;2026-05-01;1;b",
    ]  # fmt: skip
    connection.rollback()
    second = as_json("list")["rows"][1]["quarantine_id"]
    assert cartera("replay", str(second)).exit_code == 0
    assert current(connection) == {"0001": (Decimal(1), "b")}
