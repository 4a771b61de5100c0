"""From configuration to channels: what each way needs is read here, and secrets only when it is switched on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from cartera.errors import ConfigError
from cartera.reminders.channels.base import CHANNELS, Channel, Promises
from cartera.reminders.channels.calls import CallChannel
from cartera.reminders.channels.config import (
    AnyWay,
    Calls,
    Channels,
    Firebase,
    Letters,
    Meta,
    Smtp,
    Twilio,
    TwilioWhatsApp,
    Webhook,
)
from cartera.reminders.channels.dkim_signing import Signer
from cartera.reminders.channels.email import channel_from_url
from cartera.reminders.channels.firebase import FirebaseChannel
from cartera.reminders.channels.letters import LetterChannel
from cartera.reminders.channels.links import unsubscribe_token
from cartera.reminders.channels.meta import MetaChannel
from cartera.reminders.channels.twilio import TwilioChannel
from cartera.reminders.channels.webhook import WebhookChannel
from cartera.reminders.delivery import from_settings, redirected, sender_of
from cartera.reminders.tries import last_try
from cartera.settings import Settings

Catch = Callable[[str], Channel]
"""Makes the channel of a name that ends in the sandbox mailbox."""


def choose_channels(settings: Settings, config: Channels, catch: Catch) -> dict[str, Channel]:
    """The way of each channel. Configured and switched on: to its provider. Configured and not: the sandbox mailbox.

    What is not configured goes to the sandbox mailbox too, as long as no channel is switched on; beside one that
    is, its contacts wait, because what the mailbox catches counts as sent. Raises ConfigError.
    """
    ways = {name: config.way(name) for name in CHANNELS}
    real = {name: build(name, way, settings, config) for name, way in ways.items() if way and way.switched_on}
    if config.email is None and (channel := from_settings(settings)):
        real["email"] = channel
    return {
        name: real.get(name) or catch(name) for name in CHANNELS if name in real or ways[name] is not None or not real
    }


def build(name: str, way: AnyWay, settings: Settings, config: Channels) -> Channel:
    """The channel of one section of the file. Raises ConfigError naming what is missing."""
    match way:
        case Smtp():
            return _email(way, settings, config)
        case Twilio():
            return TwilioChannel(
                name=name,
                account_sid=way.account_sid,
                auth_token=way.auth_token.read(),
                sender=way.sender,
                status_url=f"{config.receive.public_url}/twilio" if config.receive else None,
                redirect_to=way.test_to,
                templates=way.templates if isinstance(way, TwilioWhatsApp) else {},
                last_try=last_try,
                sender_is_ours=way.sender_is_ours,
                base_url=way.api,
            )
        case Meta():
            return MetaChannel(
                way.phone_number_id,
                way.business_account_id,
                way.access_token.read(),
                redirect_to=way.test_to,
                languages=way.languages,
                base_url=way.api,
            )
        case Letters():
            return LetterChannel(way.folder, str(way.test_to) if way.test_to else None)
        case Calls():
            return CallChannel(way.test_to)
        case Webhook():
            keeps = dt.timedelta(hours=way.keeps_keys_hours) if way.keeps_keys_hours else None
            return WebhookChannel(
                way.url, way.secret.read(), name, keeps, look_up_url=way.look_up_url, redirect_to=way.test_to
            )
        case Firebase():
            return FirebaseChannel(
                way.project_id,
                way.client_email,
                way.private_key.read(),
                way.token_url,
                redirect_to=way.test_to,
                base_url=way.api,
            )


def _email(way: Smtp, settings: Settings, config: Channels) -> Channel:
    if way.server:
        url = way.server.read()
    elif settings.smtp_url:
        url = settings.smtp_url.get_secret_value()
    else:
        raise ConfigError("channels.yaml: email is switched on and no mail server is known", "set CARTERA_SMTP_URL")
    sender = sender_of(way.sender or settings.mail_from)
    channel = channel_from_url(url, mail_from=sender, redirect_to=way.test_to or redirected(settings))
    channel.return_path, channel.reads_bounces = way.return_path, way.bounces is not None
    channel.ca_file = str(way.ca_file) if way.ca_file else None
    if way.dkim:
        domain = sender.rpartition("@")[2].lower()
        if domain != way.dkim.domain and not domain.endswith("." + way.dkim.domain):
            raise ConfigError(
                f"channels.yaml: email.dkim.domain {way.dkim.domain} does not sign for {sender}",
                "servers that ask for alignment (DMARC) would refuse the mail; sign for the sender's own domain",
            )
        channel.signer = Signer(way.dkim.domain, way.dkim.selector, way.dkim.private_key.read())
    if config.receive:
        public_url, secret = config.receive.public_url, config.receive.secret.read()
        channel.unsubscribe = lambda contact_id: f"{public_url}/u/{unsubscribe_token(secret, contact_id)}"
    return channel


@dataclass(frozen=True)
class Line:
    """What `cartera channels` shows of a channel. `promises` is None where nothing is configured."""

    channel: str
    provider: str
    configured: str
    switched_on: bool
    test_to: str | None
    promises: Promises | None


def overview(settings: Settings, config: Channels) -> list[Line]:
    """Every channel as it stands, also when what it needs is missing: then `configured` says what."""
    return [_line(name, settings, config) for name in CHANNELS]


def _line(name: str, settings: Settings, config: Channels) -> Line:
    way = config.way(name)
    if way is None and name == "email" and settings.smtp_url:
        try:
            channel = from_settings(settings)
        except ConfigError as error:
            return Line(name, "smtp", error.problem, False, None, None)
        return Line(
            name, "smtp", "by CARTERA_SMTP_URL", True, redirected(settings), channel.promises if channel else None
        )
    if way is None:
        return Line(name, "sandbox mailbox", "no", False, None, None)
    test_to = str(way.test_to) if way.test_to else redirected(settings) if name == "email" else None
    try:
        promises = build(name, way, settings, config).promises
    except ConfigError as error:
        return Line(name, way.provider, error.problem, way.switched_on, test_to, None)
    return Line(name, way.provider, "yes", way.switched_on, test_to, promises)
