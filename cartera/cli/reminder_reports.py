"""`cartera reminders receive`, `collect` and `repair`: what comes back of the messages, and what follows from it."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.cli.reminders import FormatOption, current_user, reminders

REPAIR_COLUMNS = ("customer_id", "name", "channel", "address", "reason", "noted_at", "source")


def register(app: typer.Typer) -> None:
    """The commands are of the group `reminders`."""


@reminders.command()
def receive(
    port: Annotated[int | None, typer.Option("--port", help="Default: receive.port of channels.yaml.")] = None,
) -> None:
    """Take delivery reports, answers and clicks on "unsubscribe", on 127.0.0.1, until it is ended."""
    from cartera.reminders.channels.config import load_channels
    from cartera.reminders.incoming.receive import Receiver, keys_of
    from cartera.settings import get_settings

    config = load_channels(get_settings())
    keys = keys_of(config)
    assert config.receive is not None
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with Receiver(keys, port if port is not None else config.receive.port) as receiver:
        messages.print(f"listening on {receiver.url}, to be reached as {keys.public_url}", markup=False)
        ended.wait()


@reminders.command()
def collect(format: FormatOption = Format.table) -> None:
    """Fetch bounces and answers from the mailbox, and ask providers what became of messages."""
    from cartera.reminders.channels.config import load_channels
    from cartera.reminders.incoming.collect import collect as fetch
    from cartera.settings import get_settings

    settings = get_settings()
    taken = fetch(settings, load_channels(settings))
    found = {"applied": taken["applied"], "known": taken["known"], "aside": taken["aside"], "again": taken["again"]}
    if format is Format.json:
        print_json(found)
    else:
        print_rows([{"reports": name, "count": count} for name, count in found.items()], ("reports", "count"), format)


@reminders.command()
def repair(
    works: Annotated[
        tuple[str, str] | None, typer.Option("--works", help="A customer and an address that works after all.")
    ] = None,
    format: FormatOption = Format.table,
) -> None:
    """Customers whose address does not work: correct it in its source, and it is written to again."""
    from cartera.reminders.incoming.wishes import to_repair, works_again

    if works:
        channels = works_again(*works, current_user())
        messages.print(f"{works[1]} of {works[0]} is written to again ({channels} channels)", markup=False)
        return
    found = to_repair()
    if format is Format.json:
        print_json({"rows": found})
    else:
        print_rows(found, REPAIR_COLUMNS, format, "addresses to repair in their source")
