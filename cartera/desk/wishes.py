"""What customers say of how they may be reached: "no more by WhatsApp", "write there instead". It counts at once."""

from __future__ import annotations

from typing import get_args

from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.desk import checked, repairs, rights
from cartera.desk.journal import Asked, Desk, Done, act
from cartera.desk.model import Actor, Said, Way, Wish
from cartera.errors import ConfigError
from cartera.reminders import consents, portfolio
from cartera.reminders.addresses import NEEDS, known, reach, require_usable, said_of
from cartera.reminders.model import History
from cartera.reminders.policy import Channel

ALL = "all"
SAYS: tuple[Said, ...] = get_args(Said)


def wish(
    actor: Actor,
    action_id: str,
    customer_id: str,
    *,
    channel: str,
    said: Said,
    address: str = "",
    statement: str = "",
    seen: int | None = None,
) -> Wish:
    """A customer wants no more, or authorises: by all channels or one, at any address or one. An address that is
    authorised is used from now on.

    `statement`: the customer's words; who authorises is quoted. `seen`: the version of the customer's file, which an
    authorisation goes by; a no is never refused for what others did. Raises NotAllowed, Conflict, ConfigError.
    """
    one = next((name for name in NEEDS if name == channel), None)
    if one is None and channel != ALL:
        raise ConfigError(f"{channel!r} is no channel", f"one of {', '.join((ALL, *NEEDS))}")
    if said not in SAYS:
        raise ConfigError("whether it wants no more or authorises is not chosen", "choose one")
    address = checked.words(address, "address")
    if address and one is None:
        raise ConfigError("an address is one of a channel", "choose the channel")
    statement = checked.words(statement, "statement", is_needed=said == "authorised")
    values = {"channel": channel, "said": said, "address": address, "statement": statement}
    asked = Asked(actor, action_id, "wish", customer_id, values, None, seen if said == "authorised" else None)
    return act(asked, Wish, lambda desk: _record(desk, one, said, address, statement))


def _record(desk: Desk, channel: Channel | None, said: Said, address: str, statement: str) -> Done[Wish]:
    stored = require_usable(channel, address, desk.customer.country_code) if channel and address else None
    consents.add(
        desk.connection,
        desk.asked.customer_id,
        channel,
        stored,
        is_authorised=said == "authorised",
        by=desk.by,
        evidence={"reason": statement, "action_id": desk.asked.action_id},
        at=desk.at,
    )
    if channel and stored and said == "authorised" and reach(channel, desk.customer, _history(desk)).address != stored:
        # one that somebody found out before would go first, and one that failed before would not be used
        repairs.use(desk, channel, stored)
    made = Wish(desk.asked.action_id, desk.asked.customer_id, channel or ALL, stored, said, statement, desk.by, desk.at)
    return Done(made.wish_id, 1, made)


def _history(desk: Desk) -> History:
    found = portfolio.wishes(desk.connection, desk.day, [desk.asked.customer_id])
    return History(**found.get(desk.asked.customer_id, {}))


def ways(actor: Actor, customer_id: str) -> tuple[Way, ...]:
    """By each channel what is in force now. Raises NotAllowed, ConfigError."""
    with transaction(Role.desk) as connection:
        customer, _ = rights.require_customer(connection, actor, customer_id, None)
        said = portfolio.wishes(connection, utc_now().date(), [customer_id]).get(customer_id, {})
    history = History(**said)
    found = [reach(channel, customer, history) for channel in NEEDS]
    return tuple(
        Way(each.channel, each.address, said_of(each, history.consents), known(each.channel, customer, history))
        for each in found
    )
