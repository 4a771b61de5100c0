"""`cartera airflow`: the DAGs on their schedules, on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from cartera.cli.output import messages


def register(app: typer.Typer) -> None:
    app.command()(airflow)


def airflow(
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Of the web interface; 0: the first free one from 8080.")
    ] = 0,
) -> None:
    """Run Airflow (LocalExecutor) on 127.0.0.1 until Ctrl-C; its metadata lives in the same server."""
    from cartera.db import Role, ensure_database, parameters
    from cartera.scheduler.server import serve
    from cartera.settings import get_settings

    settings = get_settings()
    name = parameters(Role.admin)["dbname"] + "_airflow"
    serve(settings, ensure_database(name, name), port, _say, _tell_where)


def _say(message: str) -> None:
    messages.print(message, markup=False)


def _tell_where(port: int) -> None:
    from cartera.scheduler.environment import ADMIN, log_folder, password_file
    from cartera.settings import get_settings

    settings = get_settings()
    messages.print(f"Airflow: http://127.0.0.1:{port}", style="bold", markup=False)
    _say(f"log in as {ADMIN} with the password in {password_file(settings)}")
    _say(f"logs: {log_folder(settings)}; Ctrl-C ends Airflow, `cartera stop` ends the database too")
