"""`cartera reminders costs`: what contacts cost and what came in after them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cartera.cli.output import Format, print_json, print_rows
from cartera.cli.reminders import FormatOption, reminders
from cartera.clock import parse_date


class Grouping(StrEnum):
    policy = "policy"
    channel = "channel"
    step = "step"
    segment = "segment"


def register(app: typer.Typer) -> None:
    """The command is one of the group `reminders`."""
    reminders.command()(costs)


def costs(
    from_date: Annotated[str | None, typer.Option("--from", help="Contacts from this day on, YYYY-MM-DD.")] = None,
    to_date: Annotated[str | None, typer.Option("--to", help="Contacts up to this day, YYYY-MM-DD.")] = None,
    by: Annotated[Grouping, typer.Option("--by", help="What the rows tell apart.")] = Grouping.channel,
    days: Annotated[int, typer.Option("--days", min=0, max=365, help="So long after a contact cash counts.")] = 14,
    format: FormatOption = Format.table,
) -> None:
    """Contacts, what they cost, what came in from those contacted, and the cost of collecting one unit of it."""
    from cartera.reminders.costs import columns
    from cartera.reminders.costs import costs as look

    found = look(parse_date(from_date) if from_date else None, parse_date(to_date) if to_date else None, by.value, days)
    if format is Format.json:
        print_json({"rows": found})
    else:
        print_rows(found, columns(by.value), format, f"by {by}; cash of {days} days after a contact")
