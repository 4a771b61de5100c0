"""`cartera quarantine`: the records that did not land, why, and landing them after all."""

from __future__ import annotations

import base64
from dataclasses import asdict
from enum import StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cartera.cli.output import Format, messages, print_json, print_rows, printable
from cartera.cli.pipeline import FormatOption
from cartera.cli.reminders import current_user
from cartera.money import plain

if TYPE_CHECKING:
    from cartera.landing import Quarantined, ReplayReport

group = typer.Typer(no_args_is_help=True, help="Records that did not land: list, show, replay.")

COLUMNS = (
    "quarantine_id",
    "source",
    "entity",
    "file_name",
    "row_number",
    "record_key",
    "reason_code",
    "message",
    "amount",
    "currency_code",
    "status",
)


SHORT_COLUMNS = ("id", "source", "entity", "row", "record_key", "amount", "status", "problem")


class Status(StrEnum):
    open = "open"
    replayed = "replayed"
    superseded = "superseded"
    all = "all"


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="quarantine")


@group.command("list")
def list_records(
    source: Annotated[str | None, typer.Option("--source", help="Only this source.")] = None,
    entity: Annotated[str | None, typer.Option("--entity", help="Only this entity.")] = None,
    status: Annotated[Status, typer.Option("--status", help="Which records.")] = Status.open,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 1000,
    format: FormatOption = Format.table,
) -> None:
    """Records in quarantine, newest loads first."""
    from cartera.db import Role, transaction
    from cartera.landing import inspect

    wanted = None if status is Status.all else status.value
    with transaction(Role.loader) as connection:
        records = inspect.search(connection, source=source, entity=entity, status=wanted, limit=limit + 1)
    rows = [{column: getattr(record, column) for column in COLUMNS} for record in records[:limit]]
    if format is Format.json:
        print_json({"is_complete": len(records) <= limit, "rows": rows})
        return
    if format is Format.csv:
        print_rows(rows, COLUMNS, format)
    else:
        print_rows([_short(row) for row in rows], SHORT_COLUMNS, format, "quarantine")
    if len(records) > limit:
        messages.print(f"these are the first {limit:,}; see more with --limit")
    if not rows:
        messages.print("nothing is in quarantine" if status is Status.all else f"nothing is {status} in quarantine")


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """A record on one line: the message without the file and row that stand beside it."""
    amount = plain(row["amount"], row["currency_code"]) if row["amount"] is not None and row["currency_code"] else ""
    return {
        "id": row["quarantine_id"],
        "source": row["source"],
        "entity": row["entity"],
        "row": f"{PurePath(row['file_name']).name}:{row['row_number']}",
        "record_key": row["record_key"],
        "amount": f"{row['currency_code']} {amount}" if amount else "",
        "status": row["status"],
        "problem": row["message"].removeprefix(f"{row['file_name']} row {row['row_number']}: "),
    }


@group.command()
def show(
    quarantine_id: Annotated[int, typer.Argument(metavar="ID", help="As `cartera quarantine list` shows it.")],
    format: FormatOption = Format.table,
) -> None:
    """One record: its original bytes, why it did not land, and how to mend it."""
    from cartera.db import Role, transaction
    from cartera.landing import inspect

    with transaction(Role.loader) as connection:
        record = inspect.read_one(connection, quarantine_id)
    document = _document(record)
    if format is Format.json:
        print_json(document)
        return
    del document["raw_base64"]
    print_rows([{"field": name, "value": value} for name, value in document.items()], ("field", "value"), format)


def _document(record: Quarantined) -> dict[str, Any]:
    fields = asdict(record)
    raw = fields.pop("raw_bytes")
    # bytes of another encoding stay visible as \xNN; the exact bytes are there for programs
    text = printable(raw.decode("utf-8", "backslashreplace"))
    return fields | {"raw_text": text, "raw_base64": base64.b64encode(raw).decode(), "mend": record.mend}


@group.command()
def replay(
    quarantine_ids: Annotated[list[int] | None, typer.Argument(metavar="[ID ...]", help="Default: all open.")] = None,
    format: FormatOption = Format.table,
) -> None:
    """Read records again by the present mapping and land those that are good now.

    Exit status 1 when some are still bad. The figures follow with the next `cartera run`.
    """
    from cartera.desk import Actor
    from cartera.quarantine import replay_as_operator

    report = replay_as_operator(Actor.local(current_user()), quarantine_ids or None)
    _print_report(report, format)
    if report.count("open"):
        raise typer.Exit(1)


def _print_report(report: ReplayReport, format: Format) -> None:
    columns = ("quarantine_id", "source", "entity", "record_key", "status", "reason_code", "message")
    rows = [
        {column: getattr(outcome.record, column) for column in columns[:4]}
        | {column: getattr(outcome, column) for column in columns[4:]}
        for outcome in report.outcomes
    ]
    if format is Format.json:
        counts = {f"rows_{status}": report.count(status) for status in ("replayed", "superseded", "open")}
        print_json({"load_ids": [load.load_id for load in report.loads], **counts, "rows": rows})
        return
    print_rows(rows, columns, format, "replay")
    messages.print(
        f"{report.count('replayed'):,} landed, {report.count('superseded'):,} superseded by something newer,"
        f" {report.count('open'):,} still bad"
    )
