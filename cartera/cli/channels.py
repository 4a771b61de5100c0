"""`cartera channels`: which ways messages can leave by, what is switched on, and what each provider promises."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import typer

from cartera.cli.output import Format, print_json, print_rows

COLUMNS = ("channel", "provider", "configured", "switched_on", "test_mode", "idempotency", "look_up", "reports")


def register(app: typer.Typer) -> None:
    app.command()(channels)


def channels(
    format: Annotated[Format, typer.Option("--format", help="table, csv or json.")] = Format.table,
) -> None:
    """The channels: provider, configured, switched on, test mode, and what the provider promises."""
    from cartera.reminders.channels.build import overview
    from cartera.reminders.channels.config import load_channels
    from cartera.settings import get_settings

    settings = get_settings()
    rows = [_row(line) for line in overview(settings, load_channels(settings))]
    if format is Format.json:
        print_json({"channels": rows})
    else:
        print_rows(rows, COLUMNS, format, "channels; what is not switched on reaches nobody")


def _row(line: Any) -> dict[str, Any]:
    promises = line.promises
    return {
        "channel": line.channel,
        "provider": line.provider,
        "configured": line.configured,
        "switched_on": "yes" if line.switched_on else "no",
        "test_mode": f"all to {line.test_to}" if line.test_to else "no" if line.switched_on else None,
        "idempotency": _kept(promises.idempotency) if promises else None,
        "look_up": _yes(promises.look_up) if promises else None,
        "reports": _yes(promises.delivery_reports) if promises else None,
    }


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _kept(period: dt.timedelta | None) -> str:
    if period is None:
        return "no keys"
    if period == dt.timedelta.max:
        return "for ever"
    hours = int(period.total_seconds() // 3600)
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"
