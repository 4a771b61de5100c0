"""`cartera doctor`, `stop`, `reset`: the health of an installation, and its end."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.errors import ConfigError


def register(app: typer.Typer) -> None:
    app.command()(doctor)
    app.command()(stop)
    app.command()(reset)


def doctor(
    format: Annotated[Format, typer.Option("--format", help="table, csv or json.")] = Format.table,
) -> None:
    """Each part: ok, or what is wrong and how to mend it. Exit status 1 when something is wrong."""
    from cartera.doctor import examine

    findings = [asdict(finding) for finding in examine()]
    if format is Format.json:
        print_json({"findings": findings})
    else:
        print_rows(findings, ["part", "state", "message", "mend"], format)
    if any(finding["state"] == "wrong" for finding in findings):
        raise typer.Exit(1)


def stop() -> None:
    """Stop the dashboard, the mailbox, Airflow, and the embedded server."""
    from cartera import db, services

    for service in services.stop_all():
        messages.print(f"stopped {service.name} (process {service.pid})", markup=False)
    if db.stop():
        messages.print("stopped the embedded server")
    else:
        messages.print("no embedded server was running")


def reset(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove all state: databases, passwords, logs, sandbox. Asks first; leaves nothing behind."""
    from cartera import db, services
    from cartera.settings import get_settings

    settings = get_settings()
    messages.print(f"This removes {settings.home} with all it holds.", markup=False)
    if settings.database_url is not None:
        messages.print("It also drops Cartera's schemas and roles on the server of CARTERA_DATABASE_URL.")
    if not yes:
        if not sys.stdin.isatty():
            raise ConfigError("nothing was removed: there is no terminal to ask on", "add --yes")
        typer.confirm("Remove it?", abort=True, err=True)
    db.check_reset()
    services.stop_all()
    db.reset()
    messages.print("removed", markup=False)
