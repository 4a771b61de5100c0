"""`cartera sandbox` and `cartera mailbox` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cartera.cli.sandbox import register
from cartera.errors import CarteraError, ConfigError
from cartera.sandbox.mailbox import MessageStore


def run(*arguments: str) -> str:
    """Standard output of a command that ends well; its CarteraError is raised as the command line would see it."""
    app = typer.Typer()
    register(app)
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_make_advance_and_remove(state_folder: Path) -> None:
    table = run("sandbox", "make", "--until", "2026-06-30", "--invoices", "200", "--customers", "20")
    assert "invoices.csv" in table and "210" in table
    assert (state_folder / "sources" / "sandbox.yaml").is_file()
    run("sandbox", "advance")
    assert json.loads((state_folder / "sandbox" / "company.json").read_text())["until"] == "2026-07-01"
    run("sandbox", "remove")
    assert not (state_folder / "sandbox").exists()
    assert not (state_folder / "sources" / "sandbox.yaml").exists()
    with pytest.raises(ConfigError, match="cartera sandbox make"):
        run("sandbox", "advance")


def test_exports_may_lie_elsewhere(state_folder: Path, tmp_path: Path) -> None:
    run("sandbox", "make", "--until", "2026-06-30", "--invoices", "50", "--directory", str(tmp_path / "exports"))
    assert str(tmp_path / "exports" / "invoices.csv") in (state_folder / "sources" / "sandbox.yaml").read_text()


def test_list_and_show(state_folder: Path) -> None:
    assert json.loads(run("mailbox", "list", "--format", "json")) == {"messages": []}
    store = MessageStore(state_folder / "mailbox")
    for to in ("a@example.com", "b@example.com"):
        raw = f"Subject: Señor\x1b[31m {to}\r\nMessage-ID: <1@x>\r\n\r\nHola\x1b[2J ñ\r\n".encode()
        store.save("cobranzas@example.com", [to], raw)
    [listed] = json.loads(run("mailbox", "list", "--to", "B@", "--format", "json"))["messages"]
    assert (listed["id"], listed["to"], listed["message_id"]) == ("000002", ["b@example.com"], "<1@x>")
    assert "a@example.com" in run("mailbox", "list")
    shown = run("mailbox", "show", "2")
    assert "Señor" in shown and "Hola" in shown and "\x1b" not in shown
    with pytest.raises(CarteraError, match="no message"):
        run("mailbox", "show", "3")
