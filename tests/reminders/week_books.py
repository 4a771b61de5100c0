"""The books of the company whose week is lived through: drawn and published at once, or the sandbox's, really read."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from reminder_world import AS_OF, World, query

from cartera.db import Role, transaction

HOMES = (
    ("PE", "America/Lima"), ("PE", "America/Lima"), ("MX", "America/Mexico_City"), ("CL", "America/Santiago"),
    ("CO", "America/Bogota"), ("US", "America/Chicago"), ("BR", "America/Sao_Paulo"), ("AR", None), (None, None),
)  # fmt: skip


class Books(Protocol):
    first: dt.date
    an_hour: int
    """So many messages of one hour leave something to send in most hours of the week."""

    def read(self, day: dt.date, hour: int, *, is_read: bool, paid: dict[str, Decimal]) -> None:
        """Publish what is known at that hour; `is_read`: the source gave something to read. `paid`: by invoice what
        was paid at the gateway; what lands of it is taken out."""


class DrawnBooks:
    """Customers in many countries, with instalments that fall due around the week; each day some of them pay, dispute
    or promise."""

    def __init__(self, seed: int, customers: int, first: dt.date, folder: Path) -> None:
        self.first, self.an_hour = first, math.ceil(customers / 30)
        self.dice, self.world = random.Random(seed), World(as_of=first)
        for number in range(customers):
            country, zone = self.dice.choice(HOMES)
            self.world.customer(f"c{number}", country_code=country, timezone=zone)
            for _ in range(self.dice.choice((1, 1, 2, 3))):
                # the invoices of some are paid at a gateway
                item_id = f"pay:in_{len(self.world.items)}" if number % 2 else None
                due = (first - AS_OF).days + self.dice.choice((-50, -9, 0, 3, 4, 4, 4, 4, 5, 5, 6, 7, 8, 9, 10))
                self.world.owes(f"c{number}", due=due, amount=str(self.dice.randint(30, 9000)), item_id=item_id)
        self._is_authorised = False

    def read(self, day: dt.date, hour: int, *, is_read: bool, paid: dict[str, Decimal]) -> None:
        if is_read:
            if hour > 2:
                self._news(day)
            else:
                self._land(paid)
            self.world.landed_on = day
        self.world.publish(day)
        if not self._is_authorised:
            self._authorise()

    def _news(self, day: dt.date) -> None:
        """What comes in between the plan of the morning and the sending: of those who are about to be written to, and
        of others."""
        waiting = [row["item_id"] for row in query(_WAITING) if row["item_id"] in self.world.items]
        chosen = self.dice.sample(waiting, min(3, len(waiting)))
        chosen += self.dice.sample(sorted(self.world.items.keys() - set(chosen)), len(self.world.items) // 20)
        for item_id in chosen:
            item, what = self.world.items[item_id], self.dice.choice(("paid", "paid", "part", "dispute", "promise"))
            if what == "paid":
                del self.world.items[item_id]
            elif what == "part":
                item["open_amount"] = (item["open_amount"] / 2).quantize(Decimal("0.01"))
            elif what == "dispute":
                item["is_disputed"] = True
            else:
                item["promised_date"] = day + dt.timedelta(days=self.dice.randint(1, 5))

    def _land(self, paid: dict[str, Decimal]) -> None:
        """In the night the gateway's payments of the day are read."""
        for item_id, amount in paid.items():
            item = self.world.items.get(item_id)
            if item and item["open_amount"] > amount:
                item["open_amount"] -= amount
            else:
                self.world.items.pop(item_id, None)
        paid.clear()

    def _authorise(self) -> None:
        """Some Colombians have said that they may be written to."""
        self._is_authorised = True
        named = [id for number, id in enumerate(self.world.customers) if number % 3]
        with transaction(Role.admin) as connection, connection.cursor() as cursor:
            cursor.execute(
                "insert into ops.contact_preferences (customer_id, channel, kind, by, at)"
                " select id, 'email', 'authorised', 'test', '2026-01-01' from unnest(%s) as id",
                (named,),
            )


_WAITING = """
select i.item_id from ops.contacts as c join ops.contact_items as i using (contact_id)
where c.status = 'approved' order by 1
"""


class SandboxBooks:
    """The sandbox company: in the night its books of the day before are read, before noon those of the day."""

    def __init__(self, seed: int, customers: int, first: dt.date, folder: Path) -> None:
        from cartera.sandbox.company import make_company

        self.first, self.an_hour, self.folder = first, max(1, customers // 100), folder / "sandbox"
        until = first - dt.timedelta(days=1)
        make_company(self.folder, seed=seed, until=until, customers=customers, invoices=customers * 40)

    def read(self, day: dt.date, hour: int, *, is_read: bool, paid: dict[str, Decimal]) -> None:
        """Its books hear nothing of what is paid at the gateway."""
        from cartera import pipeline
        from cartera.sandbox.company import advance_company

        if is_read:
            advance_company(self.folder, until=day if hour > 2 else day - dt.timedelta(days=1))
        outcome = pipeline.run(day, ["sandbox"] if is_read else [])
        assert outcome.status in ("published", "unchanged"), outcome


BOOKS: dict[str, Callable[[int, int, dt.date, Path], Books]] = {"drawn": DrawnBooks, "sandbox": SandboxBooks}


def truth() -> dict[str, dict[str, object]]:
    """What is open now by item, with disputes and promises, as published."""
    found = query(
        "select item_id, invoice_id, open_amount, is_disputed, promised_date, due_date, customer_id, currency_code"
        " from serve.fct_open_items"
    )
    return {row["item_id"]: row for row in found}
