"""What a system says it no longer has, and records that came twice because they changed while it was read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from payments import Bad, Payment, current, deliver, land_now, rows
from psycopg2.extensions import connection as Connection

from cartera.errors import ShrunkDelivery
from cartera.landing import Delivery


def read(*records: Payment | Bad, **more: Any) -> Delivery:
    """What changed in a system, as it is read there."""
    return deliver(records, kind="incremental", repeats="keep_last", is_watched=True, **more)


def test_a_tombstone_buries_and_only_what_is_there(connection: Connection) -> None:
    land_now(connection, read(Payment("A"), Payment("B")))
    report = land_now(connection, read(Payment("C"), gone=[(1, "A"), (1, "never seen")]))
    assert (report.rows_new, report.rows_deleted) == (1, 1)
    assert set(current(connection)) == {"B", "C"}
    again = land_now(connection, read(gone=[(0, "A")]))
    assert again.is_unchanged and again.load_id is None


def test_what_was_said_last_counts(connection: Connection) -> None:
    """Row numbers are places in the reading: C was deleted after it was read, D made again after it was deleted."""
    land_now(connection, read(Payment("C"), Payment("D")))
    records = (Payment("C", reference="new"), Payment("D", reference="before"), Payment("D", reference="after"))
    report = land_now(connection, read(*records, gone=[(2, "C"), (2, "D")]))
    assert current(connection) == {"D": (Decimal(10), "after")}
    assert (report.rows_in, report.rows_repeated, report.rows_changed, report.rows_deleted) == (1, 2, 1, 1)
    assert report.amounts["USD"]["in"] == report.amounts["USD"]["loaded"] == Decimal(10)


def test_a_record_read_twice_lands_as_it_was_last(connection: Connection) -> None:
    records = [Payment("A", Decimal(1)), Payment("B"), Bad("X", Decimal(5), "USD"), Payment("A", Decimal(2))]
    report = land_now(connection, read(*records))
    assert current(connection)["A"] == (Decimal(2), None)
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined, report.rows_repeated) == (3, 2, 1, 1)
    assert report.amounts["USD"]["in"] == Decimal(17)


def test_a_sweep_buries_what_is_neither_there_nor_in_the_reading(connection: Connection) -> None:
    land_now(connection, read(*[Payment(f"P{n:02}") for n in range(30)], Payment("Q")))
    kept = [f"P{n:02}" for n in range(28)]
    report = land_now(connection, read(Payment("P28", reference="late"), keys=[*kept, "unknown", 'quo"ted,\n']))
    assert (report.rows_changed, report.rows_deleted, report.unknown_keys) == (1, 2, 2)
    assert set(current(connection)) == {*kept, "P28"}
    deleted = rows(connection, "select record_key from raw_files.payments where is_deleted order by 1")
    assert deleted == [("P29",), ("Q",)]


def test_a_sweep_does_not_bury_what_is_bad_now(connection: Connection) -> None:
    land_now(connection, read(Payment("A"), Payment("B")))
    report = land_now(connection, read(Bad("A"), keys=["B"]))
    assert report.rows_deleted == 0 and set(current(connection)) == {"A", "B"}


def test_a_sweep_that_loses_too_many_lands_nothing(connection: Connection) -> None:
    land_now(connection, read(*[Payment(f"P{n:02}") for n in range(30)]))
    with pytest.raises(ShrunkDelivery, match="20 of 30 records are gone"):
        land_now(connection, read(Payment("NEW"), keys=[f"P{n:02}" for n in range(10)]))
    assert len(current(connection)) == 30
