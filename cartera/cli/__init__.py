"""The `cartera` command: Typer groups, one module each; no logic here.

Each module of this package that holds commands exposes `register(app)`.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from functools import cache

import psycopg2
import typer

from cartera.cli.output import printable
from cartera.db import problems
from cartera.errors import CarteraError
from cartera.settings import TELEMETRY_OFF

app = typer.Typer(
    name="cartera",
    help="Receivables ledger, KPIs and lawful reminders.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

MODULES = (
    "sources",
    "systems",
    "pipeline",
    "figures",
    "proof",
    "exceptions",
    "kpis",
    "bridge",
    "risk",
    "ecl",
    "segments",
    "reports",
    "links",
    "quarantine",
    "reminders",
    "experiments",
    "ghosts",
    "preview",
    "simulate",
    "costs",
    "contacts",
    "calls",
    "desk",
    "reminder_reports",
    "channels",
    "audit",
    "users",
    "rules",
    "operations",
    "airflow",
    "dashboard",
    "sandbox",
    "demo",
)


@cache
def commands() -> typer.Typer:
    """The whole command line."""
    for module in MODULES:
        importlib.import_module(f"cartera.cli.{module}").register(app)
    return app


def main() -> None:
    """Entry point: a CarteraError becomes one clear message on standard error and its exit status."""
    os.environ.update(TELEMETRY_OFF)
    # `kill` ends a command as Ctrl-C does: what it started is ended, what it had open is rolled back
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        commands()()
    except CarteraError as error:
        # it may quote a file
        sys.stderr.write(printable(f"cartera: {error}\n", keep="\n"))
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.exit(130)
    except psycopg2.OperationalError as error:
        refused = problems.plain(error, "the database could not do it")
        sys.stderr.write(f"cartera: {refused}\n")
        sys.exit(refused.exit_status)
    except BrokenPipeError:
        # the reader of a pipe went away (`cartera aging | head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(
            f"cartera: {where}{error.strerror or error}\n  mend: free space or make it writable, and run again\n"
        )
        sys.exit(1)
