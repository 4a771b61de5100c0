"""`cartera sandbox`: a synthetic company to try everything on; `cartera mailbox`: where its messages end."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.clock import parse_date, utc_now

if TYPE_CHECKING:
    from cartera.sandbox.mailbox import MailboxAddress, StoredMessage
    from cartera.sandbox.writer import SandboxReport

Directory = Annotated[
    Path | None, typer.Option("--directory", help="Where the export files are. Default: sandbox/ in CARTERA_HOME.")
]


def register(app: typer.Typer) -> None:
    company = typer.Typer(help="A synthetic company whose exports take the way of real data.", no_args_is_help=True)
    company.command()(make)
    company.command()(advance)
    company.command()(remove)
    app.add_typer(company, name="sandbox")
    mailbox = typer.Typer(help="The mailbox that catches every message.", no_args_is_help=True)
    mailbox.command()(serve)
    mailbox.command("list")(list_messages)
    mailbox.command()(show)
    app.add_typer(mailbox, name="mailbox")


def make(
    until: Annotated[str | None, typer.Option("--until", help="Its last day, YYYY-MM-DD. Default: today.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another seed makes another company.")] = 7,
    customers: Annotated[int, typer.Option("--customers")] = 800,
    invoices: Annotated[int, typer.Option("--invoices", help="Up to 10 million take about a minute.")] = 20_000,
    months: Annotated[int, typer.Option("--months", help="How far its history goes back.")] = 24,
    directory: Directory = None,
) -> None:
    """Write the exports of a new company, and its mapping as the source `sandbox`."""
    from cartera.sandbox.company import make_company

    report = make_company(
        _directory(directory),
        seed=seed,
        until=parse_date(until) if until else utc_now().date(),
        customers=customers,
        invoices=invoices,
        months=months,
        mapping=_mapping(),
    )
    _print_report(report)


def advance(
    until: Annotated[str | None, typer.Option("--until", help="YYYY-MM-DD. Default: the next day.")] = None,
    directory: Directory = None,
) -> None:
    """Let the company live on: new invoices, payments and corrections; what was before stays."""
    from cartera.sandbox.company import advance_company, made_plan

    folder = _directory(directory)
    day = parse_date(until) if until else made_plan(folder).until + dt.timedelta(days=1)
    _print_report(advance_company(folder, day, mapping=_mapping()))


def remove(directory: Directory = None) -> None:
    """Remove the exports and the mapping; what was landed from them stays."""
    from cartera.sandbox.company import remove_company

    was_made = remove_company(_directory(directory), mapping=_mapping())
    messages.print("removed the sandbox company" if was_made else "there was no sandbox company")


def serve() -> None:
    """Serve the mailbox in this terminal until Ctrl-C. Other commands start it by themselves when they need it."""
    from cartera.sandbox.mailbox import serve as serve_mailbox
    from cartera.settings import get_settings

    def announce(address: MailboxAddress) -> None:
        smtp = f"smtp://{address.smtp_host}:{address.smtp_port}"
        messages.print(f"mailbox: {address.web_address}, takes mail at {smtp}; Ctrl-C ends it", markup=False)

    serve_mailbox(get_settings().home, announce)


def list_messages(
    to: Annotated[str | None, typer.Option("--to", help="Only to recipients that contain this.")] = None,
    format: Annotated[Format, typer.Option("--format")] = Format.table,
) -> None:
    """The messages, the oldest first."""
    from cartera.sandbox.mailbox.store import MessageStore
    from cartera.settings import get_settings

    stored = MessageStore(get_settings().home / "mailbox").messages()
    rows = [_row(message) for message in stored if not to or to.lower() in ", ".join(message.recipients).lower()]
    if format is Format.json:
        print_json({"messages": rows})
    else:
        shown = [row | {"to": ", ".join(row["to"])} for row in rows]
        print_rows(shown, ["id", "received_at", "channel", "to", "subject"], format)


def show(id: Annotated[str, typer.Argument(help="As `cartera mailbox list` shows it.")]) -> None:
    """A message's headers and text."""
    from cartera.sandbox.mailbox import content
    from cartera.sandbox.mailbox.store import MessageStore
    from cartera.settings import get_settings

    message = content.parse(MessageStore(get_settings().home / "mailbox").read(id))
    for name, value in content.headers(message):
        typer.echo(content.printable(f"{name}: {value}").replace("\n", " "))
    for name in content.attachments(message):
        typer.echo(f"(attached: {content.printable(name)})")
    text = content.text_part(message)
    typer.echo("\n" + content.printable(text if text is not None else "(no plain text)"))


def _row(message: StoredMessage) -> dict[str, Any]:
    from cartera.sandbox.mailbox.content import printable

    return {
        "id": message.id,
        "received_at": message.received_at.isoformat(timespec="seconds"),
        "channel": printable(message.channel),
        "from": printable(message.mail_from),
        "to": [printable(address) for address in message.recipients],
        "subject": printable(message.subject),
        "message_id": printable(message.message_id),
        "size": message.size,
    }


def _directory(given: Path | None) -> Path:
    from cartera.db.files import make_home
    from cartera.settings import get_settings

    home = get_settings().home
    make_home(home)
    return (given or home / "sandbox").expanduser()


def _mapping() -> Path:
    from cartera.settings import get_settings

    return get_settings().home / "sources" / "sandbox.yaml"


def _print_report(report: SandboxReport) -> None:
    rows = [
        {"file": path.name, "rows": report.rows[entity], "dirty": sum(row.entity == entity for row in report.dirty)}
        for entity, path in report.files.items()
    ]
    print_rows(rows, ["file", "rows", "dirty"], Format.table)
    messages.print(f"a company up to {report.until} in {report.directory}; `cartera run` takes it in", markup=False)
