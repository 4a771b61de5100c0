"""Short words for what the tests of the desk record."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from cartera import desk
from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.desk import Actor, CustomerFile, Dispute, Promise

ANA = Actor("ana@acme.pe", "collector")
BOSS = Actor("boss@acme.pe", "manager")


def new_id() -> str:
    return str(uuid.uuid4())


def in_days(days: int) -> dt.date:
    """From today, by the clock that the desk goes by."""
    return utc_now().date() + dt.timedelta(days=days)


def promise(customer: str, amount: str = "100", days: int = 5, by: Actor = ANA, id: str = "", **rest: Any) -> Promise:
    return desk.promise(by, id or new_id(), customer, "main", "PEN", Decimal(amount), in_days(days), **rest)


def dispute(customer: str, by: Actor = ANA, **rest: Any) -> Dispute:
    return desk.dispute(by, new_id(), customer, "main", "PEN", **{"reason": "goods not delivered"} | rest)


def file_of(customer: str) -> CustomerFile:
    with transaction(Role.desk) as connection:
        return desk.file_of(connection, customer)
