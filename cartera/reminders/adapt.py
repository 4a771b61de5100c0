"""Which channel and hour suit a customer, by what worked before. Pure, and plain enough to be told in a line.

A message *worked* when it was answered, or when the customer paid within a week of it and before the next one. One
that bounced did not. Looked at is the last year. Where a policy says `adapt: true`:

- Of a step's channels those with at least three messages change places by the share that worked, the best first; equal
  shares stay as the policy has them, and so does every channel of which less is known.
- The hour is that of the answers, and where a message was paid without an answer, that at which it went out, in the
  customer's time zone, in blocks of three hours. Where one block has at least three of them, and more than half of all,
  the message waits for it within the hours that are lawful anyway.

Nothing else changes: the step, its tone, its channels and what the law allows are what they were.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cartera.contact_rules.moments import zones_of_country
from cartera.reminders.model import Answer, Customer, Sent
from cartera.reminders.policy import Channel

LEAST = 3
"""Messages of a channel, or moments of a block: of less nothing is learned."""
BLOCK_HOURS = 3

CHANNEL_RULE = "channels in the order of what worked"
HOUR_RULE = "the hour that suits the customer"

Window = tuple[dt.datetime, dt.datetime]


class Tally(NamedTuple):
    worked: int
    sent: int


def order(channels: Sequence[Channel], evidence: Sequence[Sent]) -> tuple[tuple[Channel, ...], Answer | None]:
    """The channels of a step, the one that worked best first; with what that rests on. None: nothing is known."""
    tallies = {channel: _tally(channel, evidence) for channel in channels}
    if len(channels) < 2 or not any(tally.sent for tally in tallies.values()):
        return tuple(channels), None
    known = [channel for channel in channels if tallies[channel].sent >= LEAST]
    ranked = iter(sorted(known, key=lambda channel: -Fraction(*tallies[channel])))
    ordered = tuple(next(ranked) if channel in known else channel for channel in channels)
    return ordered, Answer(CHANNEL_RULE, _order_saw(tuple(channels), ordered, tallies), True)


def _tally(channel: Channel, evidence: Sequence[Sent]) -> Tally:
    of_channel = [each for each in evidence if each.channel == channel]
    return Tally(sum(each.worked for each in of_channel), len(of_channel))


def _order_saw(written: tuple[Channel, ...], ordered: tuple[Channel, ...], tallies: dict[Channel, Tally]) -> str:
    found = ", ".join(f"{each} {tally.worked} of {tally.sent}" for each, tally in tallies.items() if tally.sent)
    if ordered != written:
        return f"worked: {found}; so {', '.join(ordered)}"
    little = all(tally.sent < LEAST for tally in tallies.values())
    why = f"less than {LEAST} of each" if little else "no reason to change"
    return f"worked: {found}; {why}: {', '.join(written)} as the policy has it"


def wait_for_hour(
    window: Window | None, customer: Customer, evidence: Sequence[Sent]
) -> tuple[Window | None, Answer | None]:
    """The lawful window, begun later where an hour is known that suits; with what that rests on."""
    zone = zone_of(customer)
    worked = [each for each in evidence if each.worked]
    if window is None or zone is None or not worked:
        return window, None
    blocks = Counter((each.answered_at or each.at).astimezone(zone).hour // BLOCK_HOURS for each in worked)
    block, count = min(blocks.items(), key=lambda found: (-found[1], found[0]))
    first = block * BLOCK_HOURS
    saw = f"{count} of {len(worked)} that worked were answered, or went out and were paid, from {_hours(first)}"
    if count < LEAST or count * 2 <= len(worked):
        need = f"{LEAST} and more than half are needed"
        return window, Answer(HOUR_RULE, f"{saw}: {need}, the first lawful hour stays", True)
    begins, ends = _block_in(window, first, zone)
    if begins >= ends:
        return window, Answer(HOUR_RULE, f"{saw}, which lies outside the lawful hours of that day", True)
    return (begins, window[1]), Answer(HOUR_RULE, f"{saw} {zone.key}: not before {begins:%Y-%m-%d %H:%M} UTC", True)


def _hours(first: int) -> str:
    return f"{first:02d}:00 to {first + BLOCK_HOURS:02d}:00"


def _block_in(window: Window, first: int, zone: ZoneInfo) -> Window:
    """The part of the window that lies in the block of its first local day."""
    day = window[0].astimezone(zone).date()
    start = dt.datetime.combine(day, dt.time(first), tzinfo=zone).astimezone(dt.UTC)
    end = start + dt.timedelta(hours=BLOCK_HOURS)
    return max(window[0], start), min(window[1], end)


def zone_of(customer: Customer) -> ZoneInfo | None:
    """The customer's own time zone, or the only one of its country."""
    zones = zones_of_country((customer.country_code or "").strip().upper())
    name = customer.timezone or (zones[0] if len(zones) == 1 else None)
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None
