"""`cartera dashboard`."""

from __future__ import annotations

import webbrowser
from typing import Annotated

import typer

from cartera.cli.output import messages
from cartera.dashboard import end, running, start_dashboard
from cartera.settings import get_settings


def register(app: typer.Typer) -> None:
    app.command()(dashboard)


def dashboard(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Default: the first free one from 8501.")] = None,
    browser: Annotated[bool, typer.Option("--browser/--headless", help="Open it in the browser.")] = True,
) -> None:
    """Show receivables on screen, on this machine alone, until Ctrl-C."""
    there = running()
    if there is not None and port is None:
        messages.print(f"the dashboard is already at {there.address}", markup=False)
        if browser:
            webbrowser.open(there.address)
        return
    process, url = start_dashboard(get_settings(), port=port)
    messages.print(f"dashboard: {url}  (Ctrl-C ends it)", markup=False)
    if browser:
        webbrowser.open(url)
    try:
        process.wait()
    finally:
        end(process)
