"""`cartera contacts`: how each customer may be reached, and what they said about it."""

from __future__ import annotations

from typing import Annotated

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.cli.reminders import FormatOption, current_user
from cartera.errors import ConfigError

contacts = typer.Typer(help="Addresses, opt-outs and authorised channels of a customer.", no_args_is_help=True)

CustomerId = Annotated[str, typer.Argument(help="A customer's id.", metavar="CUSTOMER")]
ChannelOption = Annotated[
    str | None, typer.Option("--channel", help="email, sms, whatsapp, voice, letter, call or push. Default: all.")
]
AddressOption = Annotated[
    str | None, typer.Option("--address", help="One address or number; lines of a postal address parted by ';'.")
]
SAID_COLUMNS = ("said_at", "channel", "address", "said", "reason", "recorded_by")


def register(app: typer.Typer) -> None:
    app.add_typer(contacts, name="contacts")


@contacts.command("opt-out")
def opt_out(
    customer: CustomerId,
    channel: ChannelOption = None,
    address: AddressOption = None,
    reason: Annotated[str, typer.Option("--reason", help="What the customer said.")] = "the customer asked for it",
) -> None:
    """No more messages by a channel, or by any; to one address of it, or to any."""
    _say(customer, channel, address, is_authorised=False, reason=reason)
    messages.print(f"{customer} gets no messages by {channel or 'any channel'} any more", markup=False)


@contacts.command()
def authorise(
    customer: CustomerId,
    channel: ChannelOption = None,
    address: AddressOption = None,
    reason: Annotated[str, typer.Option("--reason", help="How and when the customer agreed.")] = "the customer agreed",
) -> None:
    """The customer agrees to a channel; with an address, it is used before that of the source."""
    stored = _say(customer, channel, address, is_authorised=True, reason=reason)
    where = f" at {stored}" if stored else ""
    messages.print(f"{customer} may be written to by {channel or 'any channel'}{where}", markup=False)


def _say(customer: str, channel: str | None, address: str | None, *, is_authorised: bool, reason: str) -> str:
    from cartera.reminders.addresses import NEEDS
    from cartera.reminders.consents import say

    known = next((name for name in NEEDS if name == channel), None)
    if channel and known is None:
        raise ConfigError(f"{channel!r} is no channel", f"one of {', '.join(NEEDS)}")
    return say(customer, known, address, is_authorised=is_authorised, reason=reason, recorded_by=current_user())


@contacts.command("list")
def list_(customer: CustomerId, format: FormatOption = Format.table) -> None:
    """How a customer can be reached by each channel, why not by the others, and what was said."""
    from cartera.reminders.consents import LIST_COLUMNS, list_channels

    channels, said = list_channels(customer)
    if format is Format.json:
        print_json({"customer_id": customer, "channels": channels, "said": said})
        return
    print_rows(channels, LIST_COLUMNS, format, f"how {customer} can be reached")
    if said and format is Format.table:
        print_rows(said, SAID_COLUMNS, format, "what was said, newest first")
