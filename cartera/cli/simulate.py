"""`cartera reminders simulate`: what policies would have sent in the past, and two sets of them beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.cli.reminders import FormatOption, PolicyFile, reminders
from cartera.clock import parse_date

if TYPE_CHECKING:
    from cartera.reminders.simulate import Simulation


def register(app: typer.Typer) -> None:
    """The command is one of the group `reminders`."""
    reminders.command()(simulate)


def simulate(
    from_date: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")],
    to_date: Annotated[str, typer.Option("--to", help="Last day, YYYY-MM-DD; not after what is published.")],
    policy: PolicyFile = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="A second policy file, to compare with.", show_default=False)
    ] = None,
    format: FormatOption = Format.table,
) -> None:
    """What would have gone out on each day, as the books were known then. Nothing is stored or sent."""
    from cartera.reminders import compared
    from cartera.reminders.simulate import simulate as replay

    found = replay(parse_date(from_date), parse_date(to_date), policy, against)
    rows, columns = compared.rows(found), compared.columns(found)
    if format is Format.json:
        print_json(_summary(found) | {"rows": rows})
    elif format is Format.csv:
        print_rows(rows, columns, format)
    else:
        _show(found, rows, columns)
    if found.known_later:
        messages.print(
            f"{found.known_later:,} of {len(found.days):,} days lie before the first publication: replayed with what"
            " that knew",
            style="yellow",
            markup=False,
        )


def _summary(found: Simulation) -> dict[str, Any]:
    return {
        "from": found.days[0],
        "to": found.days[-1],
        "days": len(found.days),
        "days_known_later": found.known_later,
        "currency_code": found.currency,
        "policies": [[policy.name for policy in replay.policies] for replay in found.replays],
        "customers": [len(replay.customers) for replay in found.replays],
    }


def _show(found: Simulation, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """Days are told by channel and reason; the rules that said no are told of all days together."""
    names = [", ".join(policy.name for policy in replay.policies) for replay in found.replays]
    days = [row for row in rows if row["date"] and row["what"] != "rule said no"]
    total = [row for row in rows if not row["date"]]
    print_rows(days, columns, Format.table, f"{found.days[0]} to {found.days[-1]}: {' against '.join(names)}")
    print_rows(total, columns[1:], Format.table, "all days")
    for name, replay in zip(names, found.replays, strict=True):
        messages.print(f"{name}: {len(replay.customers):,} customers would have been written to", markup=False)
