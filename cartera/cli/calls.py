"""`cartera calls`: whom to call today, the most valuable call first."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.clock import parse_date

calls = typer.Typer(help="Calls for people: from call steps and the ends of ladders.", no_args_is_help=True)


class CallFormat(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"
    ics = "ics"


def register(app: typer.Typer) -> None:
    app.add_typer(calls, name="calls")


@calls.callback()
def _group() -> None:
    """Keeps `today` a word of its own, though it is the only one."""


@calls.command()
def today(
    collector: Annotated[str | None, typer.Option("--collector", help="Only the customers of this collector.")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Date, YYYY-MM-DD. Default: the publication's.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
    format: Annotated[
        CallFormat, typer.Option("--format", help="table, csv, json, or ics (a calendar file).")
    ] = CallFormat.table,
) -> None:
    """The day's calls by expected value: what may be asked for x the chance that acting moves it, as in the worklist.

    `why` says the chance in words: the share that a call brings in at that age (policies/shared/calls.yaml), and by
    what each fact known of the customer multiplies it (policies/shared/worklist.yaml).
    """
    from cartera.reminders.call_rows import COLUMNS, SHOWN, call_calendar, call_row
    from cartera.reminders.calls import call_list

    found = call_list(parse_date(as_of) if as_of else None, collector=collector)
    chosen = found.calls[:limit]
    if format is CallFormat.ics:
        sys.stdout.buffer.write(call_calendar(chosen, found.as_of))
    else:
        rows: list[dict[str, Any]] = [call_row(rank, call) for rank, call in enumerate(chosen, 1)]
        if format is CallFormat.json:
            print_json({"as_of": found.as_of, "waiting_for_approval": found.waiting, "calls": rows})
        else:
            columns = SHOWN if format is CallFormat.table else COLUMNS
            print_rows(rows, columns, Format(format.value), f"calls of {found.as_of}")
    if found.waiting:
        messages.print(f"{found.waiting:,} more wait for approval: `cartera reminders approve`", markup=False)
