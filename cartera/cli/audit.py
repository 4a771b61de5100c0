"""`cartera audit`: whether the record of contacts is whole, what is personal taken out of it, and who saw what."""

from __future__ import annotations

from typing import Annotated

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.cli.reminders import current_user

audit = typer.Typer(
    help="The record of every contact and every skip: verify it, erase from it. Who took or saw what.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    app.add_typer(audit, name="audit")


@audit.command()
def verify(
    head: Annotated[
        list[str] | None, typer.Option("--head", help="A hash printed before: it must still be in the chain.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="table, csv or json.")] = Format.table,
) -> None:
    """Whether the record is whole; else the first row that is not as it was sealed. Exit code 1 when it is not."""
    from cartera.reminders.audit import seal
    from cartera.reminders.audit import verify as look

    report = look(tuple(head or ()))
    columns = ("log", "rows", "erased", "waiting", "head")
    found = [
        {
            "log": log,
            "rows": count,
            "erased": report.erased[log],
            "waiting": report.waiting[log],
            "head": report.heads.get(log, ""),
        }
        for log, count in report.rows.items()
    ]
    broken = report.broken
    if format is Format.json:
        print_json({"is_whole": report.is_whole, "broken": broken and vars(broken), "logs": found})
    else:
        print_rows(found, columns, format, "the record of contacts")
    if broken:
        messages.print(f"BROKEN: {broken.log}, {broken.row}: {broken.what}", style="red", markup=False)
        raise typer.Exit(1)
    seal()
    messages.print("whole; keep the heads elsewhere to show later that nothing was cut off", markup=False)


@audit.command()
def erase(
    customer: Annotated[str, typer.Option("--customer", help="A customer's id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take all that is personal about a customer out of the record, and its letters and kept messages, for good."""
    from cartera.outgoing import erase_customer

    question = f"erase what the record says about {customer}, for good?"
    if not yes and not typer.confirm(question, err=True):
        raise typer.Exit(1)
    count = erase_customer(customer, current_user())
    messages.print(f"{count:,} rows and files erased" if count else f"the record knows no {customer}", markup=False)


@audit.command()
def views(
    since: Annotated[str | None, typer.Option("--since", help="A date or moment in UTC.")] = None,
    by: Annotated[str | None, typer.Option("--by", help="The address of a person.")] = None,
    subject: Annotated[str | None, typer.Option("--subject", help="A customer's id, or the name of a file.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="The newest so many.")] = 1000,
    format: Annotated[Format, typer.Option("--format", help="table, csv or json.")] = Format.table,
) -> None:
    """What people took out as files, or had e-mailed; whose data they looked at, what they replayed; the newest first.

    A line is written before what it tells of: a replay that was cut right after it has one too, and changed nothing,
    and each attempt to hand an e-mail over has its own.
    """
    from cartera.clock import parse_moment
    from cartera.viewed import COLUMNS, listed

    found = listed(
        since=parse_moment(f"{since}T00:00" if len(since) == 10 else since) if since else None,
        viewed_by=by,
        subject=subject,
        limit=limit,
    )
    if format is Format.json:
        print_json({"views": found})
        return
    shown = [row | {"filters": " ".join(f"{name}={value}" for name, value in row["filters"].items())} for row in found]
    print_rows(shown, COLUMNS, format, "what was taken and seen")
