"""Where messages go: the sandbox mailbox, unless the configuration says a real server and real addresses."""

from __future__ import annotations

from collections.abc import Callable

from cartera.errors import ConfigError
from cartera.reminders.channels.email import EmailChannel, channel_from_url
from cartera.reminders.decide import email_address
from cartera.settings import Settings

PLACEHOLDER = "example.com"


def choose_channel(settings: Settings, sandbox: Callable[[], EmailChannel]) -> EmailChannel:
    """The channel that the settings ask for; `sandbox` makes the mailbox's when no server is set.

    Raises ConfigError when a server is set but nothing says that real people may be written to.
    """
    if settings.smtp_url is None:
        return sandbox()
    if not settings.deliver_to_real_addresses and not settings.redirect_all_to:
        raise ConfigError(
            "a mail server is set (CARTERA_SMTP_URL), but nothing allows writing to real addresses",
            "set CARTERA_REDIRECT_ALL_TO to an address of yours to try it, or"
            " CARTERA_DELIVER_TO_REAL_ADDRESSES=true to write to debtors, or unset CARTERA_SMTP_URL",
        )
    redirect_to = email_address(settings.redirect_all_to) if settings.redirect_all_to else None
    if settings.redirect_all_to and not redirect_to:
        raise ConfigError("CARTERA_REDIRECT_ALL_TO is not an e-mail address", "write one address, e.g. me@company.pe")
    if settings.mail_from.lower().endswith("@" + PLACEHOLDER):
        raise ConfigError(
            f"CARTERA_MAIL_FROM is still the placeholder {settings.mail_from}", "set the address you write from"
        )
    return channel_from_url(settings.smtp_url.get_secret_value(), mail_from=settings.mail_from, redirect_to=redirect_to)
