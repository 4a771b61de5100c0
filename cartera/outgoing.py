"""The channel that reminders leave by: the settings' mail server, or the sandbox mailbox."""

from __future__ import annotations

from cartera.reminders import EmailChannel, SendReport, choose_channel, send_reminders
from cartera.settings import get_settings


def reminder_channel() -> EmailChannel:
    """Where reminders go. Raises ConfigError when the settings contradict each other."""
    return choose_channel(get_settings(), sandbox_channel)


def sandbox_channel() -> EmailChannel:
    """The sandbox mailbox, started when it does not run. It can be asked whether it has a message."""
    from cartera.sandbox.mailbox import MessageStore, ensure_mailbox

    home = get_settings().home
    address = ensure_mailbox(home)
    store = MessageStore(home / "mailbox")
    return EmailChannel(
        host=address.smtp_host,
        port=address.smtp_port,
        is_real=False,
        finder=lambda message_id: any(message.message_id == message_id for message in store.messages()),
    )


def send_approved(plan_id: int | None = None, *, limit: int | None = None) -> SendReport:
    """Send what is approved by the channel of the settings. Raises what stopped it, after all is recorded."""
    report = send_reminders({"email": reminder_channel()}, plan_id, limit=limit)
    report.raise_if_stopped()
    return report
