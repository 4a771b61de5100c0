"""Random small histories of raw records: every version that landing would have written.

A history is one source and one company with a handful of ids, so that records collide: instalments
that come late or move, allocations of what is void, unknown or in another currency, and so on.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values
from psycopg2.sql import SQL, Identifier

from cartera.clock import FOREVER
from cartera.landing.entities import ENTITIES

FIRST_DAY = dt.date(2026, 1, 1)
DELIVERIES = [dt.datetime(2026, 2, 1, 22, 30, tzinfo=dt.UTC) + dt.timedelta(days=9 * n) for n in range(9)]
"""The moments at which something is recorded; between them nothing is."""

KNOWN_AT = dt.datetime(2026, 6, 30, tzinfo=dt.UTC)
"""After all of them."""

RunDbt = Callable[..., list[Any]]

VERSION_COLUMNS = (
    "source",
    "record_key",
    "record_hash",
    "recorded_from",
    "recorded_to",
    "is_deleted",
    "load_id",
    "row_number",
)

Values = dict[str, Any]


@dataclass(frozen=True)
class Version:
    source: str
    entity: str
    key: str
    recorded_from: dt.datetime
    recorded_to: dt.datetime
    is_deleted: bool
    values: Values


def random_history(seed: int) -> list[Version]:
    """Nine deliveries to one source: in the first six some records are new, some change, some vanish.

    In the last three it is one record each, so that what a partial build must not forget is not rebuilt by chance.
    """
    dice, source = random.Random(seed), f"h{seed}"
    versions: list[Version] = []
    latest: dict[tuple[str, str], Version] = {}
    for number, recorded_at in enumerate(DELIVERIES):
        for entity, key in _keys(dice) if number < 6 else _one_key(dice, sorted(latest)):
            before = latest.get((entity, key))
            is_deleted = before is not None and dice.random() < 0.15
            if is_deleted and before is not None:
                if before.is_deleted:
                    continue
                values = before.values
            else:
                values = _values(dice, seed, entity, key)
            if before is not None:
                versions.remove(before)
                versions.append(replace(before, recorded_to=recorded_at))
            version = Version(source, entity, key, recorded_at, FOREVER, is_deleted, values)
            latest[entity, key] = version
            versions.append(version)
    return versions


def known_by(versions: list[Version], moment: dt.datetime) -> list[Version]:
    """Raw as it stood at that moment: later versions not there yet, later ends not set yet."""
    return [
        version if version.recorded_to <= moment else replace(version, recorded_to=FOREVER)
        for version in versions
        if version.recorded_from <= moment
    ]


def write_raw(connection: Connection, versions: list[Version]) -> None:
    """Replace all that is in raw by these versions."""
    with connection.cursor() as cursor:
        for entity in ENTITIES.values():
            table = SQL("raw_files.{}").format(Identifier(entity.name))
            columns = [column.name for column in entity.columns]
            cursor.execute(SQL("truncate {}").format(table))
            rows = [
                (v.source, v.key, f"{number}", v.recorded_from, v.recorded_to, v.is_deleted, 1, number)
                + tuple(v.values.get(column) for column in columns)
                for number, v in enumerate(v for v in versions if v.entity == entity.name)
            ]
            execute_values(
                cursor,
                SQL("insert into {} ({}) values %s").format(
                    table, SQL(", ").join(map(Identifier, [*VERSION_COLUMNS, *columns]))
                ),
                rows,
                page_size=2000,
            )
    connection.commit()


def _keys(dice: random.Random) -> list[tuple[str, str]]:
    """What a delivery touches: a few of each entity's few ids, each at most once."""
    ids = {
        "customers": ["C1"],
        "invoices": ["I1", "I2", "I3"],
        "instalments": ["I1/1", "I1/2", "I2/1", "I2/2"],
        "credit_notes": ["N1", "I3"],
        "payments": ["P1", "P2"],
        "allocations": ["A1", "A2", "A3", "A4", "A5"],
        "write_offs": ["W1", "W2"],
        "refunds": ["F1", "F2"],
        "chargebacks": ["B1", "B2"],
        "disputes": ["D1"],
        "promises": ["R1", "R2"],
    }
    share = {"invoices": 0.5, "payments": 0.4, "customers": 0.15, "instalments": 0.25, "allocations": 0.3}
    return [(entity, key) for entity, keys in ids.items() for key in keys if dice.random() < share.get(entity, 0.2)]


def _one_key(dice: random.Random, known: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """One record to change; often an instalment, which may move to another invoice."""
    return dice.choices(known, [6 if entity == "instalments" else 1 for entity, _ in known])


def _values(dice: random.Random, seed: int, entity: str, key: str) -> Values:
    maker = {
        "customers": _customer,
        "invoices": _invoice,
        "instalments": _instalment,
        "credit_notes": _credit_note,
        "payments": _payment,
        "allocations": _allocation,
        "write_offs": _write_off,
        "refunds": _refund,
        "chargebacks": _chargeback,
        "disputes": _dispute,
        "promises": _promise,
    }[entity]
    values = maker(dice, key)
    if "company_id" in {column.name for column in ENTITIES[entity].columns}:
        values["company_id"] = f"company {seed}"
    return {ENTITIES[entity].key: key, **values}


def _day(dice: random.Random) -> dt.date:
    return FIRST_DAY + dt.timedelta(days=dice.randrange(120))


def _amount(dice: random.Random) -> Decimal:
    """Few distinct amounts, so that items are paid exactly, to a cent, and beyond."""
    return dice.choice([Decimal("0"), Decimal("0.01"), Decimal("40"), Decimal("60"), Decimal("100"), Decimal("99.99")])


def _currency(dice: random.Random) -> str:
    return "USD" if dice.random() < 0.85 else dice.choice(["PEN", "COP", "EUR", "CLP"])


def _customer_id(dice: random.Random) -> str:
    return dice.choice(["C1", "C2"])


def _customer(dice: random.Random, key: str) -> Values:
    return {"name": dice.choice(["Ana", "Beto", None]), "is_active": dice.choice([True, None])}


def _invoice(dice: random.Random, key: str) -> Values:
    is_wide = dice.random() < 0.5
    values: Values = {
        "customer_id": _customer_id(dice),
        "number": dice.choice([None, f"No. {key}"]),
        "document_type": "credit_note" if key == "I3" and dice.random() < 0.5 else dice.choice(["invoice", None]),
        "status": dice.choice(["open", "open", None, "paid", "paid", "void", "draft"]),
        "issue_date": _day(dice),
        "due_date": dice.choice([None, _day(dice), _day(dice)]),
        "currency_code": _currency(dice),
        "total_amount": dice.choice([Decimal(100), Decimal(100), _amount(dice)]),
        "customer_name": dice.choice([None, "Ana S.A."]),
        "customer_email": dice.choice([None, "ana@example.com"]),
        "paid_date": dice.choice([None, _day(dice)]) if is_wide else None,
        "paid_amount": dice.choice([None, _amount(dice), Decimal(130)]) if is_wide else None,
        "credited_amount": dice.choice([None, _amount(dice), Decimal(130)]) if is_wide else None,
        "is_disputed": dice.choice([None, True]),
    }
    # what the source says is open, drawn from no dice: wrong more often than not
    return values | {"open_amount": (None, Decimal(0), Decimal(60))[values["issue_date"].day % 3]}


def _instalment(dice: random.Random, key: str) -> Values:
    invoice_id = key.split("/")[0] if dice.random() < 0.7 else "I3"
    return {"invoice_id": invoice_id, "due_date": _day(dice), "amount": _amount(dice)}


def _credit_note(dice: random.Random, key: str) -> Values:
    return {
        "customer_id": _customer_id(dice),
        "status": dice.choice([None, "open", "paid", "void"]),
        "issue_date": _day(dice),
        "currency_code": _currency(dice),
        "total_amount": dice.choice([Decimal(130), _amount(dice), _amount(dice)]),
    }


def _payment(dice: random.Random, key: str) -> Values:
    return {
        "customer_id": dice.choice(["C1", "C2", "C3"]),
        "received_date": _day(dice),
        "currency_code": _currency(dice),
        "amount": _amount(dice),
        "status": dice.choice([None, "received", "received", "cancelled"]),
    }


def _allocation(dice: random.Random, key: str) -> Values:
    is_payment = dice.random() < 0.65
    invoice_id, instalment_id = dice.choice(
        [
            (None, dice.choice(["I1/1", "I1/2", "I2/1", "I2/2", "I9/1"])),
            (dice.choice(["I1", "I2", "I3"]), None),
            (dice.choice(["I1", "I2", "I3", "I9"]), None),
            (dice.choice(["I1", "I2"]), dice.choice(["I1/1", "I2/1"])),
        ]
    )
    return {
        "payment_id": dice.choice(["P1", "P2", "P2", "P9"]) if is_payment else None,
        "credit_note_id": None if is_payment else dice.choice(["N1", "I3"]),
        "invoice_id": invoice_id,
        "instalment_id": instalment_id,
        "amount": _amount(dice),
        "allocated_date": dice.choice([None, _day(dice)]),
    }


def _write_off(dice: random.Random, key: str) -> Values:
    invoice_id = dice.choice(["I1", "I2", "I3"])
    return {
        "invoice_id": invoice_id,
        "instalment_id": dice.choice([None, f"{invoice_id}/1"]),
        "amount": dice.choice([Decimal("0.01"), Decimal(40)]),
        "write_off_date": _day(dice),
        "reversed_date": dice.choice([None, None, _day(dice)]),
    }


def _refund(dice: random.Random, key: str) -> Values:
    payment_id, credit_note_id = dice.choice(
        [("P1", None), ("P2", None), ("P9", None), (None, "N1"), (None, "I3"), (None, None), ("P1", "N1")]
    )
    return {
        "customer_id": _customer_id(dice),
        "payment_id": payment_id,
        "credit_note_id": credit_note_id,
        "refund_date": _day(dice),
        "currency_code": _currency(dice),
        "amount": _amount(dice),
    }


def _chargeback(dice: random.Random, key: str) -> Values:
    invoice_id, instalment_id = dice.choice(
        [
            (None, dice.choice(["I1/1", "I1/2", "I2/1", "I9/1"])),
            (dice.choice(["I1", "I2", "I3", "I9"]), None),
            (dice.choice(["I1", "I2"]), dice.choice(["I1/1", "I2/1"])),
            (None, None),
        ]
    )
    return {
        "customer_id": dice.choice(["C1", "C2", "C4"]),
        "payment_id": dice.choice([None, "P1", "P2"]),
        "invoice_id": invoice_id,
        "instalment_id": instalment_id,
        "chargeback_date": _day(dice),
        "reversed_date": dice.choice([None, None, _day(dice)]),
        "currency_code": _currency(dice),
        "amount": _amount(dice),
    }


def _dispute(dice: random.Random, key: str) -> Values:
    return {
        "invoice_id": dice.choice(["I1", "I2"]),
        "opened_date": _day(dice),
        "resolved_date": dice.choice([None, _day(dice)]),
    }


def _promise(dice: random.Random, key: str) -> Values:
    return {
        "customer_id": _customer_id(dice),
        "invoice_id": dice.choice([None, "I1", "I2"]),
        "made_date": _day(dice),
        "promised_date": _day(dice),
        "currency_code": "USD",
        "amount": Decimal(50),
    }
