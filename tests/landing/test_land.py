"""What one delivery does to the versions, the quarantine and the load log."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import psycopg2
import pytest
from payments import (
    FILE,
    NOON,
    PAYMENTS,
    Bad,
    Payment,
    batches,
    current,
    deliver,
    known_at,
    land_now,
    quarantine,
    rows,
    table,
    versions,
)
from psycopg2.extensions import connection as Connection

from cartera.clock import FOREVER
from cartera.errors import ShrunkDelivery, SourceError, UnreadableFile
from cartera.landing import Batch, Delivery, land, land_all, next_recorded_at, refusal

MICROSECOND = dt.timedelta(microseconds=1)


def test_a_first_delivery_makes_one_open_version_each(connection: Connection) -> None:
    report = land_now(connection, deliver([Payment("A"), Payment("B", Decimal("0.01"))]))
    assert (report.rows_in, report.rows_loaded, report.rows_new, report.rows_quarantined) == (2, 2, 2, 0)
    assert versions(connection) == [
        ("A", Decimal("10"), None, False, NOON, FOREVER),
        ("B", Decimal("0.01"), None, False, NOON, FOREVER),
    ]


def test_a_change_ends_the_old_version_where_the_new_begins(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A"), Payment("B")]))
    report = land_now(connection, deliver([Payment("A", Decimal(7)), Payment("B")]))
    later = NOON + MICROSECOND
    assert (report.rows_changed, report.rows_unchanged) == (1, 1)
    assert versions(connection) == [
        ("A", Decimal("10"), None, False, NOON, later),
        ("A", Decimal("7"), None, False, later, FOREVER),
        ("B", Decimal("10"), None, False, NOON, FOREVER),
    ]


def test_absence_from_a_full_delivery_is_a_recorded_deletion(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A"), Payment("B")]))
    report = land_now(connection, deliver([Payment("B")]))
    later = NOON + MICROSECOND
    assert report.rows_deleted == 1
    assert versions(connection)[:2] == [
        ("A", Decimal("10"), None, False, NOON, later),
        ("A", Decimal("10"), None, True, later, FOREVER),
    ]
    assert set(known_at(connection, NOON)) == {"A", "B"}
    assert set(current(connection)) == {"B"}


def test_a_deleted_key_that_comes_back_is_a_new_version(connection: Connection) -> None:
    for records in ([Payment("A"), Payment("B")], [Payment("B")], [Payment("A"), Payment("B")]):
        report = land_now(connection, deliver(records))
    assert (report.rows_new, report.rows_unchanged) == (1, 1)
    assert [version[3:] for version in versions(connection)[:3]] == [
        (False, NOON, NOON + MICROSECOND),
        (True, NOON + MICROSECOND, NOON + 2 * MICROSECOND),
        (False, NOON + 2 * MICROSECOND, FOREVER),
    ]


def test_a_deleted_key_is_deleted_once(connection: Connection) -> None:
    for records in ([Payment("A"), Payment("B")], [Payment("B")], [Payment("B"), Payment("C")]):
        report = land_now(connection, deliver(records))
    assert report.rows_deleted == 0
    assert len(versions(connection)) == 4


def test_an_incremental_delivery_deletes_nothing(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A"), Payment("B")]))
    report = land_now(connection, deliver([Payment("B", Decimal(3))], kind="incremental"))
    assert (report.rows_changed, report.rows_deleted) == (1, 0)
    assert {key: amount for key, (amount, _reference) in current(connection).items()} == {"A": 10, "B": 3}


def test_the_same_delivery_again_does_nothing(connection: Connection) -> None:
    first = land_now(connection, deliver([Payment("A")], fingerprint="same"))
    again = land_now(connection, deliver([Payment("A")], fingerprint="same"))
    assert (again.is_unchanged, again.load_id) == (True, None)
    assert rows(connection, "select load_id from ops.loads") == [(first.load_id,)]


def test_an_old_delivery_after_a_newer_one_is_a_change_back(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A")], fingerprint="old"))
    land_now(connection, deliver([Payment("A", Decimal(2))], fingerprint="new"))
    report = land_now(connection, deliver([Payment("A")], fingerprint="old"))
    assert report.rows_changed == 1
    assert current(connection) == {"A": (Decimal(10), None)}


def test_sources_do_not_touch_each_other(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A")], source="one"))
    land_now(connection, deliver([Payment("B")], source="two"))
    assert (set(current(connection, "one")), set(current(connection, "two"))) == ({"A"}, {"B"})


def test_an_empty_text_is_not_a_null(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A", reference=None), Payment("B", reference="")]))
    report = land_now(connection, deliver([Payment("A", reference=""), Payment("B", reference="")]))
    assert (report.rows_changed, report.rows_unchanged) == (1, 1)
    assert current(connection) == {"A": (Decimal(10), ""), "B": (Decimal(10), "")}


@pytest.mark.parametrize(
    "text",
    ['say "hi"', "two\nlines\r\n", "a,b;c\t|", "\\N", "\\.", "  padded ", "ñandú €", "'; drop table x; --", "%s"],
)
def test_text_lands_as_it_is(connection: Connection, text: str) -> None:
    land_now(connection, deliver([Payment("A", reference=text), Payment(text)]))
    assert current(connection)["A"] == (Decimal(10), text)
    assert text in current(connection)


def test_amounts_land_to_the_last_digit(connection: Connection) -> None:
    amounts = [Decimal(text) for text in ("0.000001", "999999999999999999.999999", "-0.01", "0", "123456.78")]
    report = land_now(connection, deliver([Payment(str(n), amount) for n, amount in enumerate(amounts)]))
    assert [amount for amount, _reference in dict(sorted(current(connection).items())).values()] == amounts
    assert report.amounts["USD"]["loaded"] == sum(amounts)


# quarantine and law 1


def test_rows_and_cents_in_are_loaded_or_in_quarantine(connection: Connection) -> None:
    report = land_now(
        connection,
        deliver([
            Payment("A", Decimal("1.10")), Payment("B", Decimal("2.20"), "PEN"), Payment("A", Decimal("1.10")),
            Bad("C", Decimal("4.40"), "PEN"), Bad(None), Bad("D", Decimal("8"), None),
        ]),
    )  # fmt: skip
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (6, 2, 4)
    assert report.amounts == {
        "*": {"in": Decimal(8), "loaded": Decimal(0), "quarantined": Decimal(8)},
        "PEN": {"in": Decimal("6.60"), "loaded": Decimal("2.20"), "quarantined": Decimal("4.40")},
        "USD": {"in": Decimal("2.20"), "loaded": Decimal("1.10"), "quarantined": Decimal("1.10")},
    }
    ((stored,),) = rows(connection, "select amounts from ops.loads")
    assert stored["PEN"] == {"in": "6.600000", "loaded": "2.200000", "quarantined": "4.400000"}


def test_of_exact_repeats_the_first_lands(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A"), Payment("B"), Payment("B"), Payment("A"), Payment("B")]))
    assert set(current(connection)) == {"A", "B"}
    assert [entry[:4] for entry in quarantine(connection)] == [
        ("B", 3, "duplicate_key", "open"),
        ("A", 4, "duplicate_key", "open"),
        ("B", 5, "duplicate_key", "open"),
    ]


def test_of_contradicting_repeats_none_lands_and_none_is_deleted(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A"), Payment("B")]))
    report = land_now(
        connection,
        deliver([Payment("A", Decimal(1)), Payment("A", Decimal(2)), Payment("A", Decimal(1)), Payment("B")]),
    )
    assert (report.rows_quarantined, report.rows_deleted) == (3, 0)
    assert current(connection)["A"] == (Decimal(10), None)
    ((message,),) = rows(connection, "select distinct message from quarantine.records")
    assert message == f"payment_id 'A' comes with different values (first in row 1 of {FILE}): none of them landed"


def test_refused_rows_keep_their_original_bytes(connection: Connection) -> None:
    asked = []

    def originals(file_name: str, numbers: object) -> dict[int, tuple[bytes, str]]:
        asked.append((file_name, numbers))
        return {2: (b"A;10,00;\xf1", "csv")}

    land_now(connection, deliver([Payment("A"), Payment("A")], originals=originals))
    assert asked == [(FILE, {2})]
    assert quarantine(connection)[0][4] == b"A;10,00;\xf1"


def test_refused_rows_without_originals_are_kept_as_json(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A", Decimal("0.000001")), Payment("A", Decimal("0.000001"))]))
    record = json.loads(quarantine(connection)[0][4])
    assert (record["payment_id"], record["amount"], record["received_date"]) == ("A", "0.000001", "2026-05-01")


def test_a_column_that_is_no_key_stops_the_source(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cartera.landing.repeats.MOST_REPEATS", 10)
    with pytest.raises(SourceError, match="15 of 20 rows repeat the payment_id"):
        land_now(connection, deliver([Payment(f"{n % 5}") for n in range(20)]))


def test_a_key_in_quarantine_is_not_deleted_by_absence(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A"), Payment("B")]))
    report = land_now(connection, deliver([Bad("A"), Payment("B")]))
    assert report.rows_deleted == 0
    assert set(current(connection)) == {"A", "B"}


@pytest.mark.parametrize(
    ("payment", "reason"),
    [(Payment("x" * 1001), "key_too_long"), (Payment("A", reference="a\0b"), "bad_text"), (Payment("a\0"), "bad_text")],
)
def test_what_postgresql_can_not_hold_goes_to_quarantine(connection: Connection, payment: Payment, reason: str) -> None:
    report = land_now(connection, deliver([Payment("B"), payment, Payment("C")]))
    assert (report.rows_loaded, report.rows_quarantined) == (2, 1)
    assert quarantine(connection)[0][1:3] == (2, reason)


def test_the_longest_key_lands(connection: Connection) -> None:
    # incompressible, so that the index entry is as large as it can get
    key = "".join(chr(0x4E00 + (n * 7919) % 20_000) for n in range(refusal.MAX_KEY_BYTES // 3))
    land_now(connection, deliver([Payment(key)]))
    assert set(current(connection)) == {key}


def test_a_missing_required_value_goes_to_quarantine(connection: Connection) -> None:
    broken = table([(1, Payment("A")), (2, Payment("B"))]).to_pylist()
    broken[1]["customer_id"] = None
    rows_ = table([]).from_pylist(broken, table([]).schema)
    report = land_now(connection, deliver([], batches=[Batch(rows_, [], FILE)]))
    assert (report.rows_loaded, quarantine(connection)[0][:3]) == (1, ("B", 2, "missing_value"))


def test_a_reject_with_an_endless_amount_is_kept_without_it(connection: Connection) -> None:
    land_now(connection, deliver([Bad("A", Decimal("1e30"), "USD"), Bad("B", Decimal("NaN"), "USD")]))
    assert rows(connection, "select amount from quarantine.records") == [(None,), (None,)]


@pytest.mark.parametrize("currency", ["", "U\0D", "\ud800", "dólares, o soles"])
def test_law_1_holds_for_any_currency(connection: Connection, currency: str) -> None:
    good = Payment("A", Decimal(3), currency if currency.isprintable() else "USD")
    report = land_now(connection, deliver([Bad("B", Decimal("1.0000005"), currency), Bad("C", Decimal(2)), good]))
    assert sum(sums["quarantined"] for sums in report.amounts.values()) == Decimal("3")
    assert sum(sums["loaded"] for sums in report.amounts.values()) == Decimal("3")


def test_a_later_full_delivery_supersedes_what_was_in_quarantine(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A"), Bad("B"), Bad(None)]))
    report = land_now(connection, deliver([Payment("A"), Bad("B")]))
    assert [entry[3] for entry in quarantine(connection)] == ["superseded", "superseded", "open"]
    settled = rows(connection, "select settled_at, settled_by_load_id from quarantine.records where status <> 'open'")
    assert settled == [(NOON + MICROSECOND, report.load_id)] * 2


def test_an_incremental_delivery_supersedes_only_keys_that_land(connection: Connection) -> None:
    land_now(connection, deliver([Bad("A"), Bad("B"), Bad("C")], kind="incremental"))
    land_now(connection, deliver([Payment("A"), Bad("B")], kind="incremental"))
    assert [entry[::3][:2] for entry in quarantine(connection)] == [
        ("A", "superseded"), ("B", "open"), ("C", "open"), ("B", "open"),
    ]  # fmt: skip


def test_a_file_of_nothing_but_bad_rows_lands_in_quarantine(connection: Connection) -> None:
    report = land_now(connection, deliver([Bad(f"{n}") for n in range(10)]))
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (10, 0, 10)


# guards


def test_a_full_delivery_that_lost_too_much_is_refused_whole(connection: Connection) -> None:
    payments = [Payment(f"{n}") for n in range(20)]
    land_now(connection, deliver(payments))
    before = versions(connection)
    with pytest.raises(ShrunkDelivery, match="5 of 20 records are missing .* more than 20%") as caught:
        land_now(connection, deliver([*payments[5:], Payment("new")]))
    connection.commit()
    assert versions(connection) == before
    assert "max_shrink_pct: 100` under payments in sources/erp.yaml" in caught.value.mend


@pytest.mark.parametrize(
    ("kept", "total", "limit"), [(16, 20, 20), (0, 19, 20), (1, 20, 100)], ids=["at the limit", "few", "accepted"]
)
def test_a_delivery_within_the_limit_lands(connection: Connection, kept: int, total: int, limit: int) -> None:
    payments = [Payment(f"{n}") for n in range(total)]
    land_now(connection, deliver(payments))
    land_now(connection, deliver(payments[:kept], max_shrink_pct=Decimal(limit)))
    assert len(current(connection)) == kept


def test_a_connector_that_stops_half_way_leaves_the_transaction_as_it_was(connection: Connection) -> None:
    def truncated() -> Iterator[Batch]:
        yield from batches([Payment("B"), Bad("C")])
        raise UnreadableFile("payments.csv ends in the middle of row 7", "export it again")

    recorded_at = next_recorded_at(connection, "erp", NOON)
    land(connection, deliver([Payment("A")], source="other"), recorded_at)
    with pytest.raises(UnreadableFile):
        land(connection, deliver([], batches=truncated()), recorded_at)
    connection.commit()
    assert (versions(connection), quarantine(connection)) == ([], [])
    assert set(current(connection, "other")) == {"A"}


def test_a_batch_of_another_shape_is_refused(connection: Connection) -> None:
    wrong = Batch(table([(1, Payment("A"))]).drop(["reference"]), [], FILE)
    with pytest.raises(TypeError, match="batches of payments must be"):
        land_now(connection, deliver([], batches=[wrong]))


def test_a_recording_time_that_is_not_later_is_refused(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A")]))
    with pytest.raises(SourceError, match="can't follow it"):
        land(connection, deliver([Payment("A", Decimal(2))]), NOON)


def test_the_files_of_one_run_share_a_recording_time_until_an_entity_comes_again(connection: Connection) -> None:
    from cartera.landing.entities import ENTITIES

    other = replace(deliver([]), entity=ENTITIES["disputes"])
    first, second = (deliver([Payment("A", reference=text)], kind="incremental") for text in ("first", "second"))
    reports = land_all(connection, "erp", [first, other, second], NOON)
    assert [report.rows_loaded for report in reports] == [1, 0, 1]
    moments = rows(connection, "select recorded_at from ops.loads order by load_id")
    assert moments == [(NOON,), (NOON,), (NOON + MICROSECOND,)]
    assert [version[2] for version in versions(connection)] == ["first", "second"]


def test_recording_times_rise_when_the_clock_goes_back(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A")]), NOON)
    earlier = NOON - dt.timedelta(hours=1)
    assert next_recorded_at(connection, "erp", earlier) == NOON + MICROSECOND
    assert next_recorded_at(connection, "another", earlier) == NOON + MICROSECOND
    assert next_recorded_at(connection, "erp", NOON + dt.timedelta(hours=1)) == NOON + dt.timedelta(hours=1)


def test_the_loader_can_not_rewrite_history(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A")]))
    for statement in (
        "update raw_files.payments set amount = 1",
        "delete from raw_files.payments",
        "update ops.loads set rows_in = 0",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            rows(connection, statement)
        connection.rollback()


def test_entities_without_amount_or_currency_land(connection: Connection) -> None:
    from cartera.landing.encode import schema
    from cartera.landing.entities import ENTITIES

    disputes, allocations = ENTITIES["disputes"], ENTITIES["allocations"]
    record = {"row_number": 1, "dispute_id": "D", "invoice_id": "I", "opened_date": NOON.date()}
    allocation = {"row_number": 1, "allocation_id": "X", "amount": Decimal(5)}
    for entity, values, amounts in ((disputes, record, {}), (allocations, allocation, {"*": Decimal(5)})):
        batch = Batch(table([]).from_pylist([values], schema(entity)), [], FILE)
        report = land_now(connection, _of(entity, batch))
        assert {currency: sums["loaded"] for currency, sums in report.amounts.items()} == amounts


def _of(entity: object, batch: Batch) -> Delivery:
    return replace(deliver([]), entity=entity, batches=[batch])  # type: ignore[arg-type]


def test_every_entity_can_be_landed_empty(connection: Connection) -> None:
    from cartera.landing.entities import ENTITIES

    for entity in ENTITIES.values():
        assert land_now(connection, replace(deliver([]), entity=entity)).rows_in == 0
    assert PAYMENTS.name in ENTITIES
