"""The ways that reminders leave by: those of channels.yaml and the settings, or the sandbox mailbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.reminders import EmailChannel, SendReport, audit, send_reminders
from cartera.reminders.audit import Erased
from cartera.reminders.channels.base import CHANNELS, Channel
from cartera.reminders.channels.build import choose_channels
from cartera.reminders.channels.caught import CaughtChannel
from cartera.reminders.channels.config import load_channels
from cartera.reminders.channels.letters import LetterChannel
from cartera.reminders.gateways import Gateways
from cartera.settings import get_settings
from cartera.warehouse.read import rows

if TYPE_CHECKING:
    from cartera.reports.send import Report


def reminder_channels() -> dict[str, Channel]:
    """Where each channel goes. Raises ConfigError when the configuration contradicts itself or lacks a secret."""
    settings = get_settings()
    return choose_channels(settings, load_channels(settings), _caught)


def sandbox_channels() -> dict[str, Channel]:
    """Every channel into the sandbox mailbox, whatever is configured."""
    return {name: _caught(name) for name in CHANNELS}


def _caught(name: str) -> Channel:
    if name == "email":
        return sandbox_channel()
    from cartera.sandbox.mailbox import MessageStore

    store = MessageStore(get_settings().home / "mailbox")
    return CaughtChannel(name, store.save, store.has)


def sandbox_channel() -> EmailChannel:
    """E-mail into the sandbox mailbox, started when it does not run. It can be asked whether it has a message."""
    from cartera.sandbox.mailbox import MessageStore, ensure_mailbox

    home = get_settings().home
    address = ensure_mailbox(home)
    store = MessageStore(home / "mailbox")
    return EmailChannel(host=address.smtp_host, port=address.smtp_port, is_real=False, finder=store.has)


def erase_customer(customer_id: str, erased_by: str) -> int:
    """Take a customer out of the record of contacts, what is kept of its messages outside it (letters, and the sandbox
    mailbox), and what people keep under its name. How many rows and files. Raises ConfigError while a contact is on its
    way."""
    from cartera.reports import erased

    names = erased.names(customer_id)
    return audit.erase(customer_id, erased_by, _erase_files, names=names) + erased.forget(customer_id)


def _erase_files(contacts: Sequence[Erased]) -> int:
    from cartera.sandbox.mailbox import MessageStore

    settings = get_settings()
    way = load_channels(settings).letter
    letters = [LetterChannel(folder) for folder in (way.folder, way.test_to) if folder] if way else []
    taken = sum(letter.erase(contact.contact_id) for letter in letters for contact in contacts)
    store = MessageStore(settings.home / "mailbox")
    return taken + store.remove({contact.message_id for contact in contacts})


def where_to(channels: Mapping[str, Channel]) -> str:
    """Where messages go, in words: for people who are about to send, or have sent."""
    real = [name for name, channel in channels.items() if channel.is_real]
    tried = [
        name for name, channel in channels.items() if not channel.is_real and getattr(channel, "redirect_to", None)
    ]
    said = [f"{', '.join(real)} to real addresses"] if real else []
    said += [f"{', '.join(tried)} in test mode"] if tried else []
    if len(real) + len(tried) < len(channels):
        said.append("the rest to the sandbox mailbox" if said else "the sandbox mailbox")
    return "; ".join(said)


def waiting(channels: Mapping[str, Channel]) -> dict[str, int]:
    """Approved contacts that have no way to leave, by channel: nobody configured it beside those that are real."""
    with transaction(Role.campaign) as connection:
        found = rows(
            connection,
            "select channel, count(*)::int as contacts from ops.contacts where status = 'approved'"
            " and channel <> all(%(channels)s) group by channel order by channel",
            {"channels": list(channels)},
        )
    return {row["channel"]: row["contacts"] for row in found}


def gateways() -> Gateways:
    """The connected gateways that are asked before a message leaves. Raises ConfigError when a source can't be read."""
    from cartera.connectors import still_open

    return still_open.Gateways(get_settings())


def send_approved(plan_id: int | None = None, *, limit: int | None = None) -> SendReport:
    """Send what is approved by the configured channels. Raises what stopped it, after all is recorded."""
    report = send_reminders(reminder_channels(), plan_id, limit=limit, gateways=gateways())
    report.raise_if_stopped()
    return report


def send_due_reports() -> Report:
    """E-mail the scheduled reports that are due, by the configured way of e-mail. Raises what stopped one, after all
    is recorded."""
    from cartera.reports.send import send_due

    channel = reminder_channels().get("email")
    if channel is None:
        raise ConfigError(
            "e-mail is not configured beside the channels that are switched on",
            "configure it in channels.yaml, or set CARTERA_SMTP_URL",
        )
    report = send_due(channel)
    report.raise_if_stopped()
    return report
