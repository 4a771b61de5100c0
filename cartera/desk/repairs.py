"""Contact data repaired: an address that a person found out is used before the source's, from the next plan on."""

from __future__ import annotations

from cartera.desk import checked
from cartera.desk.journal import Asked, Desk, Done, act
from cartera.desk.model import Actor, Repair
from cartera.errors import ConfigError
from cartera.reminders.addresses import NEEDS, require_usable
from cartera.reminders.policy import Channel
from cartera.warehouse.read import rows


def repair_contact(actor: Actor, action_id: str, customer_id: str, *, channel: str, address: str) -> Repair:
    """A number serves every channel that takes one of its kind; it authorises none. Raises NotAllowed, ConfigError."""
    known = next((name for name in NEEDS if name == channel), None)
    if known is None:
        raise ConfigError(f"{channel!r} is no channel", f"one of {', '.join(NEEDS)}")
    address = checked.words(address, "address", is_needed=True)
    asked = Asked(actor, action_id, "repair", customer_id, {"channel": channel, "address": address})
    return act(asked, Repair, lambda desk: _repair(desk, known, address))


def _repair(desk: Desk, channel: Channel, address: str) -> Done[Repair]:
    found = require_usable(channel, address, desk.customer.country_code)
    use(desk, channel, found)
    made = Repair(desk.asked.action_id, desk.asked.customer_id, channel, found, desk.by, desk.at)
    return Done(made.repair_id, 1, made)


def use(desk: Desk, channel: Channel, address: str) -> None:
    """From now on the channel goes there, whatever came back of it before."""
    bound = {"id": desk.asked.customer_id, "channel": channel, "address": address, "at": desk.at, "by": desk.by}
    rows(desk.connection, _ADD, bound)
    rows(desk.connection, _IS_GOOD, bound)


_ADD = """
insert into ops.contact_repairs (customer_id, channel, address, repaired_at, repaired_by)
values (%(id)s, %(channel)s, %(address)s, %(at)s, %(by)s) returning repair_no
"""
# a person says that it works, whatever came back of it before
_IS_GOOD = """
insert into ops.bad_addresses (customer_id, channel, address, is_bad, reason, noted_at, noted_by)
select customer_id, channel, address, false, 'a person says that it works', %(at)s, %(by)s
from ops.bad_addresses_now where customer_id = %(id)s and address = %(address)s
returning address_id
"""
