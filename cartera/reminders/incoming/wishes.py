"""Addresses that do not work, and what debtors want: rows that are only added to, the last one counts."""

from __future__ import annotations

import re
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.warehouse.read import Row, rows

STOP = re.compile(
    r"\W*(stop|stopall|unsubscribe|cancel|end|quit|baja|alto|parar|pare|cancelar|sair|salir|remover)\b\W*",
    re.IGNORECASE,
)
"""The first word of an answer that wants no more, in English, Spanish and Portuguese, and nothing after it."""


def wants_no_more(text: str) -> bool:
    """Whether an answer is STOP, BAJA, SAIR or the like, alone on its first line."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return STOP.fullmatch(first.strip()) is not None


def opt_out(connection: Connection, contact: Row, by: str, evidence: dict[str, Any]) -> None:
    """The debtor wants no more by the contact's channel at its address; said twice is kept once."""
    bound = {
        "customer": contact["customer_id"], "channel": contact["channel"], "address": contact["recipient"],
        "by": by, "evidence": Json(evidence),
    }  # fmt: skip
    last = rows(connection, _LAST_WISH, bound)
    if not last or last[0]["kind"] != "opt_out":
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into ops.contact_preferences (customer_id, channel, address, kind, by, evidence)"
                " values (%(customer)s, %(channel)s, %(address)s, 'opt_out', %(by)s, %(evidence)s)",
                bound,
            )


_LAST_WISH = """
select kind from ops.contact_preferences
where customer_id = %(customer)s and channel = %(channel)s and address = %(address)s
order by preference_id desc limit 1
"""


def note_bad(connection: Connection, contact: Row, reason: str, by: str) -> None:
    """The address of a contact does not work."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.bad_addresses (customer_id, channel, address, is_bad, reason, contact_id, noted_by)"
            " values (%s, %s, %s, true, %s, %s::uuid, %s)",
            (contact["customer_id"], contact["channel"], contact["recipient"], reason, contact["contact_id"], by),
        )


def to_repair() -> list[Row]:
    """Customers whose address does not work and is still the one that the source gives; the newest first."""
    with transaction(Role.campaign) as connection:
        return rows(connection, _TO_REPAIR)


# a customer that the source gives another address has been repaired; one that no source knows any more needs none
_TO_REPAIR = """
select b.customer_id, c.name, b.channel, b.address, b.reason, b.noted_at, c.source
from ops.bad_addresses_now as b
join serve.dim_customers as c on c.customer_id = b.customer_id and c.recorded_to > now()
where lower(c.email) = lower(b.address)
    or b.channel <> 'email' and regexp_replace(c.phone, '\\D', '', 'g') = regexp_replace(b.address, '\\D', '', 'g')
order by b.noted_at desc, b.customer_id
"""


def works_again(customer_id: str, address: str, by: str) -> int:
    """A person says that an address works after all; on how many channels it was bad. Raises ConfigError on none."""
    with transaction(Role.campaign) as connection:
        found = rows(
            connection,
            "insert into ops.bad_addresses (customer_id, channel, address, is_bad, reason, noted_by)"
            " select customer_id, channel, address, false, 'a person says that it works', %(by)s"
            " from ops.bad_addresses_now where customer_id = %(customer)s and lower(address) = lower(%(address)s)"
            " returning channel",
            {"customer": customer_id, "address": address, "by": by},
        )
    if not found:
        raise ConfigError(
            f"{address} of {customer_id} is not known to be bad", "`cartera reminders repair` lists those that are"
        )
    return len(found)
