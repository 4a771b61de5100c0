"""E-mail by the settings alone: a real server, and words that say that real people may be written to."""

from __future__ import annotations

from cartera.errors import ConfigError
from cartera.reminders.channels.email import EmailChannel, channel_from_url
from cartera.reminders.decide import email_address
from cartera.settings import Settings

PLACEHOLDER = "example.com"


def from_settings(settings: Settings) -> EmailChannel | None:
    """The mail server of CARTERA_SMTP_URL; None when none is set.

    Raises ConfigError when a server is set but nothing says that real people may be written to.
    """
    if settings.smtp_url is None:
        return None
    if not settings.deliver_to_real_addresses and not settings.redirect_all_to:
        raise ConfigError(
            "a mail server is set (CARTERA_SMTP_URL), but nothing allows writing to real addresses",
            "set CARTERA_REDIRECT_ALL_TO to an address of yours to try it, or"
            " CARTERA_DELIVER_TO_REAL_ADDRESSES=true to write to debtors, or unset CARTERA_SMTP_URL",
        )
    redirect_to = redirected(settings)
    sender = sender_of(settings.mail_from)
    return channel_from_url(settings.smtp_url.get_secret_value(), mail_from=sender, redirect_to=redirect_to)


def redirected(settings: Settings) -> str | None:
    """The address that all e-mail goes to instead. Raises ConfigError when it is none."""
    if not settings.redirect_all_to:
        return None
    redirect_to = email_address(settings.redirect_all_to)
    if not redirect_to:
        raise ConfigError("CARTERA_REDIRECT_ALL_TO is not an e-mail address", "write one address, e.g. me@company.pe")
    return redirect_to


def sender_of(address: str) -> str:
    """The address that we write from. Raises ConfigError when it is still the placeholder."""
    if address.lower().endswith("@" + PLACEHOLDER):
        raise ConfigError(f"CARTERA_MAIL_FROM is still the placeholder {address}", "set the address you write from")
    return address
