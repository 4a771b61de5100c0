"""How a customer can be reached by a channel: the address, or why there is none. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from cartera.errors import ConfigError
from cartera.reminders.model import Consent, Customer, History, Reason
from cartera.reminders.policy import Channel
from cartera.reminders.text import clean

BY_PHONE: tuple[Channel, ...] = ("sms", "whatsapp", "voice", "call")
NEEDS: dict[Channel, str] = {
    "email": "there is a good e-mail address",
    "sms": "there is a mobile number for SMS",
    "whatsapp": "there is a mobile number for WhatsApp",
    "voice": "there is a phone number for a voice call",
    "letter": "there is a postal address",
    "call": "a person may call",
    "push": "there is a device for push messages",
}


@dataclass(frozen=True)
class Reach:
    """`address` is None when the channel can't be used, with the `reason`."""

    channel: Channel
    address: str | None
    saw: str
    reason: Reason | None = None


def reach(channel: Channel, customer: Customer, history: History) -> Reach:
    """By which address a customer can be reached on a channel: one that a person found out since first, then one
    authorised for the channel, else the warehouse's."""
    refusal = Reach(channel, None, "none", Reason.no_address)
    for text in _candidates(channel, customer, history):
        address = usable(channel, text, customer.country_code)
        if address is None:
            refusal = Reach(channel, None, _unusable(channel, text, customer.country_code), Reason.bad_address)
        elif address in history.bad_addresses:
            saw = "the mail server refused this address before" if channel == "email" else "this address failed before"
            refusal = Reach(channel, None, saw, Reason.bad_address)
        elif consent(channel, address, history.consents) is False:
            refusal = Reach(channel, None, "the customer opted out", Reason.opted_out)
        else:
            return Reach(channel, address, "an address")
    if channel == "call" and refusal.reason is not Reason.opted_out:
        # a person finds the number; the task must not be lost for want of one
        if consent(channel, None, history.consents) is False:
            return Reach(channel, None, "the customer opted out", Reason.opted_out)
        return Reach(channel, "", "no number is known")
    return refusal


def consent(channel: Channel, address: str | None, consents: Sequence[Consent]) -> bool | None:
    """What was said last about an address on a channel; None: nothing."""
    said = [
        each.is_authorised
        for each in consents
        if each.channel in (None, channel) and (each.address is None or each.address == address)
    ]
    return said[-1] if said else None


def said_of(found: Reach, consents: Sequence[Consent]) -> bool | None:
    """What was said last about how a customer can be reached; also where it is the reason why they can't be."""
    return False if found.reason is Reason.opted_out else consent(found.channel, found.address, consents)


def known(channel: Channel, customer: Customer, history: History) -> tuple[str, ...]:
    """All addresses that a channel could use, the one that it uses first; also those that nothing is sent to."""
    found = [usable(channel, text, customer.country_code) for text in _candidates(channel, customer, history)]
    return tuple(dict.fromkeys(address for address in found if address))


def _candidates(channel: Channel, customer: Customer, history: History) -> list[str]:
    repaired = [address for of, address in history.repairs if of == channel]
    if channel in BY_PHONE:
        # a number serves them all, unless the channel has one of its own
        repaired += [address for of, address in history.repairs if of != channel and of in BY_PHONE]
    given = [*repaired, *(each.address for each in reversed(history.consents) if each.channel == channel)]
    own = customer.email if channel == "email" else customer.phone if channel in BY_PHONE else None
    return [address for address in dict.fromkeys([*given, own]) if address and address.strip()]


def usable(channel: Channel, text: str, country_code: str | None) -> str | None:
    """The address as the channel's provider takes it; None when it can't be one."""
    if channel == "email":
        return email_address(text)
    if channel in BY_PHONE:
        return phone_number(text, country_code, is_mobile=channel in ("sms", "whatsapp"))
    return clean(text, 300) or None


def require_usable(channel: Channel, text: str, country_code: str | None) -> str:
    """As `usable`. Raises ConfigError where it can't be an address of the channel."""
    found = usable(channel, text, country_code)
    if found is None:
        hint = "write it with its country, e.g. +51 987 654 321" if channel in BY_PHONE else "write one address"
        raise ConfigError(f"{text!r} is no address for {channel}", hint)
    return found


def _unusable(channel: Channel, text: str, country_code: str | None) -> str:
    if channel == "email":
        return "not an e-mail address"
    if channel in ("sms", "whatsapp") and phone_number(text, country_code):
        return "a fixed line"
    return f"not a phone number of {country_code or 'a known country'}"


def email_address(text: str) -> str | None:
    """The one address in a text, in ASCII; None when it is none, or more than one."""
    local, _, domain = text.strip().rpartition("@")
    if PLAIN_LOCAL.fullmatch(local) and domain.isascii():
        # the domain is what takes the time, and many customers share one
        valid = _domain(domain)
        address = f"{local}@{valid}"
        return address if valid and len(address) <= 254 else None
    return _validated(text.strip())


PLAIN_LOCAL = re.compile(r"(?=.{1,64}$)[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*")


@lru_cache(maxsize=65_536)
def _domain(domain: str) -> str | None:
    address = _validated(f"a@{domain}")
    return address.partition("@")[2] if address else None


def _validated(text: str) -> str | None:
    try:
        return validate_email(text, check_deliverability=False, allow_smtputf8=False).ascii_email
    except EmailNotValidError:
        return None


@lru_cache(maxsize=4096)
def phone_number(text: str, country_code: str | None, *, is_mobile: bool = False) -> str | None:
    """A number that exists in its country's plan, as +51987654321; None when there is none in the text.

    `is_mobile`: only one that can receive messages; in countries that do not tell, any.
    """
    import phonenumbers
    from phonenumbers import PhoneNumberType

    try:
        number = phonenumbers.parse(text[:40], (country_code or "").strip().upper() or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or number.extension and is_mobile:
        return None
    kinds = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
    if is_mobile and phonenumbers.number_type(number) not in kinds:
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
