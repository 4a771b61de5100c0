"""What the database knows of one customer that the contact rules ask for: residence, history, holds, preferences."""

from __future__ import annotations

from dataclasses import dataclass

from cartera.contact_rules import Channel, CompanyRules, Event, Hold, HoldKind
from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.reminders.lawful import Debtor, events_of
from cartera.warehouse import read
from cartera.warehouse.read import rows


@dataclass(frozen=True)
class Known:
    debtor: Debtor
    history: tuple[Event, ...]
    holds: tuple[Hold, ...]


def known_of(customer_id: str, company: CompanyRules) -> Known:
    """As published now. Raises ConfigError when there is no such customer, NotPublished, DatabaseError."""
    with transaction(Role.campaign) as connection:
        published = read.publication(connection)
        bound = {"id": customer_id, "known_at": published.known_at}
        found = rows(connection, _CUSTOMER, bound)
        if not found:
            raise ConfigError(f"there is no customer {customer_id!r}", "see `cartera aging --by customer`")
        authorised, opted_out = set[Channel](), set[Channel]()
        for row in rows(connection, _PREFERENCES, bound):
            channels = [Channel(row["channel"])] if row["channel"] else list(Channel)
            for each in channels:
                (opted_out if row["kind"] == "opt_out" else authorised).add(each)
                (authorised if row["kind"] == "opt_out" else opted_out).discard(each)
        holds = tuple(
            Hold(HoldKind(row["kind"]), row["since"], row["until"]) for row in rows(connection, _HOLDS, bound)
        )
        history = events_of(connection, published.as_of_date, [customer_id]).get(customer_id, ())
    region = company.region_of(customer_id, found[0]["country_code"])
    debtor = Debtor(
        customer_id,
        **found[0],
        region=region,
        authorised=frozenset(authorised),
        opted_out=frozenset(opted_out),
    )
    return Known(debtor, history, holds)


_CUSTOMER = """
select country_code, timezone, customer_type from serve.dim_customers
where customer_id = %(id)s and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
"""
# the last word counts
_PREFERENCES = "select channel, kind from ops.contact_preferences where customer_id = %(id)s order by preference_id"
# of one held as vulnerable the contact rules have nothing to say: a person calls
_HOLDS = """
select kind, (held_at at time zone 'UTC')::date as since, held_until as until
from ops.contact_holds where customer_id = %(id)s and released_at is null and kind <> 'vulnerable'
"""
