"""Versions of contacts as landing would have written them: random ones, and what writes them."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from decimal import Decimal

from ledger_history import DELIVERIES, FIRST_DAY
from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values

from cartera.clock import FOREVER

OUTCOMES = ("right_party_promise", "right_party_other", "wrong_party", "no_answer", "busy", "message_left")


@dataclass(frozen=True)
class ContactVersion:
    """What was known of one contact. `customer_id` is the contact's, whatever the version."""

    contact_id: str
    company_id: str
    customer_id: str
    channel: str
    sent_date: dt.date | None
    status: str
    answer_class: str | None
    currency_code: str | None
    recorded_from: dt.datetime
    recorded_to: dt.datetime = FOREVER
    cost_amount: Decimal | None = None
    cost_currency_code: str | None = None
    answered_at: dt.datetime | None = None
    policy_name: str = "standard"
    step_name: str = "first"


def contact_id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def random_contacts(seed: int) -> list[ContactVersion]:
    """A handful of contacts with the customers of one history: planned, then sent, then answered, or none of it."""
    dice = random.Random(seed * 7 + 1)
    versions: list[ContactVersion] = []
    for number in range(dice.choice([0, 1, 6, 12])):
        first = dice.randrange(len(DELIVERIES))
        versions += _life(dice, seed, number, DELIVERIES[first:])
    return versions


def _life(dice: random.Random, seed: int, number: int, moments: list[dt.datetime]) -> list[ContactVersion]:
    channel, day = dice.choice(["call", "email"]), FIRST_DAY + dt.timedelta(days=dice.randrange(0, 120))
    is_priced = dice.random() < 0.7
    planned = ContactVersion(
        contact_id=contact_id(f"{seed}/{number}"),
        company_id=f"company {seed}",
        customer_id=f"h{seed}:{dice.choice(['C1', 'C2', 'C3', 'C9'])}",
        channel=channel,
        sent_date=None,
        status="planned",
        answer_class=None,
        # a call names no debt
        currency_code=None if channel == "call" else dice.choice(["USD", "PEN"]),
        recorded_from=moments[0],
    )
    sent = replace(
        planned,
        sent_date=day,
        status=dice.choice(["sent", "unknown", "delivered"]),
        answer_class=dice.choice(OUTCOMES) if channel == "call" else None,
        cost_amount=Decimal(dice.randrange(0, 9_999_999)) / 1_000_000 if is_priced else None,
        cost_currency_code=dice.choice(["USD", "USD", "USD", "PEN"]) if is_priced else None,
    )
    answered = replace(
        sent,
        status="answered",
        answered_at=dt.datetime.combine(day, dt.time(12), dt.UTC) + dt.timedelta(days=dice.randrange(-1, 20)),
    )
    life = [planned, sent, answered][: dice.choice([1, 2, 2, 3, 3])]
    return [
        replace(version, recorded_from=start, recorded_to=end)
        for version, start, end in zip(life, moments, [*moments[1 : len(life)], FOREVER], strict=False)
    ]


def write_contacts(connection: Connection, versions: Iterable[ContactVersion]) -> None:
    """Replace all that has landed of contacts by these versions."""
    versions = list(versions)
    names = [field.name for field in fields(ContactVersion) if field.name != "customer_id"]
    whose = {version.contact_id: version for version in versions}
    with connection.cursor() as cursor:
        cursor.execute("truncate ops.contacts_landed")
        cursor.execute(
            "insert into ops.contact_plans (policy_name, policy, as_of_date, known_at, publication_id, planned_by)"
            " values ('standard', '{}', %s, now(), 1, 'test') returning plan_id",
            (FIRST_DAY,),
        )
        ((plan_id,),) = cursor.fetchall()
        execute_values(
            cursor,
            "insert into ops.contacts (contact_id, plan_id, is_automatic, policy_name, step_name, offset_days,"
            " template, cycle, company_id, customer_id, recipient, language_code, planned_date, status, message_id)"
            " values %s on conflict do nothing",
            [
                (key, plan_id, False, v.policy_name, v.step_name, 0, "t", key, v.company_id, v.customer_id, "r", "es",
                 FIRST_DAY, "planned", key)
                for key, v in whose.items()
            ],
        )  # fmt: skip
        execute_values(
            cursor,
            f"insert into ops.contacts_landed ({', '.join(names)}, is_automatic, planned_date) values %s",
            [(*(getattr(version, name) for name in names), False, FIRST_DAY) for version in versions],
            page_size=2000,
        )
    connection.commit()
