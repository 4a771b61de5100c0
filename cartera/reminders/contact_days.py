"""On which days of a calendar the contact rules let nobody be written to, and why: of a country and a channel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from cartera.contact_rules import Channel
from cartera.reminders.lawful import Debtor, Lawful, rules_in
from cartera.settings import get_settings


def closed_days(country_code: str, channel: str, days: Sequence[dt.date]) -> dict[dt.date, str]:
    """Each of the days that has no allowed hour, with the rule's text; of a customer who has agreed to the channel.

    Nothing is asked that depends on the customer alone (history, holds, opt-outs): only what closes the day for all.
    Raises ConfigError (the company's own rules).
    """
    company, book = rules_in(get_settings().policies_dir / "shared" / "contact_rules.yaml")
    rules = Lawful(book, company, {})
    region = company.region_of("", country_code)
    debtor = Debtor("", country_code, region=region, authorised=frozenset({Channel(channel)}))
    found = {}
    for day in days:
        refused = [answer for answer in rules.allow(debtor, channel, day) if not answer.passed]
        if refused:
            found[day] = refused[0].rule
    return found
