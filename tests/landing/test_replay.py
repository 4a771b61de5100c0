"""Quarantined records, read again by a corrected mapping."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from payments import FILE, NOON, PAYMENTS, Bad, Payment, current, deliver, land_now, quarantine, rows, table, versions
from psycopg2.extensions import connection as Connection

from cartera.errors import ConfigError, UnreadableFile
from cartera.landing import Batch, Quarantined, Reader, Reject, ReplayReport, replay
from cartera.landing.inspect import read_one, search

LATER = NOON + dt.timedelta(hours=1)
ReadRecord = Callable[[Quarantined], Batch]


def good(record: Quarantined) -> Batch:
    """The mapping was corrected: every record can be read."""
    key = record.raw_bytes.decode().split(";")[0]
    return Batch(table([(1, Payment(key, Decimal(5), "PEN"))]), [], record.file_name)


def still_bad(record: Quarantined) -> Batch:
    reject = Reject(FILE, 1, record.record_key, "amount", "bad_date", "another reason", record.raw_bytes, "csv")
    return Batch(table([]), [reject], record.file_name)


def replay_now(connection: Connection, read: ReadRecord, ids: list[int] | None = None) -> ReplayReport:
    report = replay(connection, ids, LATER, lambda _source: Reader("files", read))
    connection.commit()
    return report


def statuses(connection: Connection) -> list[tuple[str, str]]:
    return [(key, status) for key, _number, _reason, status, _raw in quarantine(connection)]


def test_what_is_good_now_lands_with_its_own_load(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A"), Bad("B"), Bad("C")]))
    report = replay_now(connection, good)
    assert (report.count("replayed"), report.count("open")) == (2, 0)
    assert current(connection) == {"A": (10, None), "B": (5, None), "C": (5, None)}
    assert statuses(connection) == [("B", "replayed"), ("C", "replayed")]
    loads = rows(connection, "select kind, rows_in, rows_new, rows_deleted, amounts, recorded_at from ops.loads")
    amounts = {"PEN": {"in": "10.000000", "loaded": "10.000000", "quarantined": "0"}}
    assert loads[1] == ("replay", 2, 2, 0, amounts, LATER)
    numbers = rows(connection, "select record_key, row_number from raw_files.payments order by 1")
    assert numbers == [("A", 1), ("B", 2), ("C", 3)]


def test_what_is_still_bad_stays_with_the_new_reason(connection: Connection) -> None:
    land_now(connection, deliver([Bad("A"), Bad("B")]))
    report = replay_now(connection, lambda record: (good if record.record_key == "A" else still_bad)(record))
    assert (report.count("replayed"), report.count("open")) == (1, 1)
    assert [entry[2:4] for entry in quarantine(connection)] == [("bad_amount", "replayed"), ("bad_date", "open")]
    assert replay_now(connection, good).count("replayed") == 1


def test_nothing_is_landed_when_all_is_still_bad(connection: Connection) -> None:
    land_now(connection, deliver([Bad("A")]))
    assert replay_now(connection, still_bad).loads == ()
    assert len(rows(connection, "select from ops.loads")) == 1


def test_only_the_asked_records_are_replayed(connection: Connection) -> None:
    land_now(connection, deliver([Bad("A"), Bad("B"), Bad("C")]))
    replay_now(connection, good, [2])
    assert statuses(connection) == [("A", "open"), ("B", "replayed"), ("C", "open")]


@pytest.mark.parametrize("wanted", [[1, 99], [2]], ids=["unknown", "settled"])
def test_an_id_that_is_not_open_is_refused_whole(connection: Connection, wanted: list[int]) -> None:
    land_now(connection, deliver([Bad("A"), Bad("B")]))
    replay_now(connection, good, [2])
    with pytest.raises(ConfigError, match=f"settled already: {wanted[-1]}"):
        replay(connection, wanted, LATER, lambda _source: Reader("files", good))
    connection.commit()
    assert statuses(connection) == [("A", "open"), ("B", "replayed")]


def test_a_newer_version_is_not_overwritten(connection: Connection) -> None:
    # the key could not be read when the record was rejected, so the good delivery did not supersede it
    land_now(connection, deliver([Bad(None), Payment("None", Decimal(1))], kind="incremental"))
    land_now(connection, deliver([Payment("None", Decimal(2))], kind="incremental"))
    before = versions(connection)
    assert replay_now(connection, good).count("superseded") == 1
    assert versions(connection) == before
    assert statuses(connection) == [(None, "superseded")]


def test_a_record_is_not_landed_over_a_newer_one_in_quarantine(connection: Connection) -> None:
    land_now(connection, deliver([Bad("A", Decimal(1))], kind="incremental"))
    land_now(connection, deliver([Bad("A", Decimal(2))], kind="incremental"))
    assert replay_now(connection, good, [1]).count("superseded") == 1
    assert current(connection) == {}
    assert replay_now(connection, good, [2]).count("replayed") == 1
    assert statuses(connection) == [("A", "superseded"), ("A", "replayed")]


def test_of_two_loads_the_later_record_lands(connection: Connection) -> None:
    for _load in range(2):
        land_now(connection, deliver([Bad("A")], kind="incremental"))
    report = replay_now(connection, good)
    assert (report.count("replayed"), report.count("superseded")) == (1, 1)
    assert statuses(connection) == [("A", "superseded"), ("A", "replayed")]


def test_contradicting_records_land_only_one_by_one(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A", Decimal(1)), Payment("A", Decimal(2))]))

    def as_delivered(record: Quarantined) -> Batch:
        return Batch(table([(1, Payment("A", Decimal(record.row_number)))]), [], record.file_name)

    assert replay_now(connection, as_delivered).count("open") == 2
    assert current(connection) == {}
    assert replay_now(connection, as_delivered, [2]).count("replayed") == 1
    assert current(connection) == {"A": (2, None)}
    assert replay_now(connection, as_delivered).count("superseded") == 1
    assert statuses(connection) == [("A", "superseded"), ("A", "replayed")]


def test_exact_repeats_that_did_not_land_are_settled(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A", Decimal(5), "PEN"), Payment("A", Decimal(5), "PEN")]))
    replay_now(connection, lambda record: Batch(table([(1, Payment("A", Decimal(5), "PEN"))]), [], FILE))
    assert statuses(connection) == [("A", "superseded")]
    assert len(versions(connection)) == 1


def test_a_replayed_record_is_deleted_by_a_later_full_delivery(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A"), Bad("B")], fingerprint="same"))
    replay_now(connection, good)
    again = land_now(connection, deliver([Payment("A"), Bad("B")], fingerprint="same"), LATER)
    assert again.is_unchanged, "the same files say nothing new after a replay"
    land_now(connection, deliver([Payment("A")]), LATER)
    assert set(current(connection)) == {"A"}


def test_sources_and_pages_are_replayed_apart(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cartera.landing.replaying.AT_ONCE", 2)
    for source in ("one", "two"):
        land_now(connection, deliver([Bad(key) for key in "ABC"], source))
    report = replay_now(connection, good)
    assert [(load.source, load.rows_new) for load in report.loads] == [("one", 2), ("one", 1), ("two", 2), ("two", 1)]
    assert set(current(connection, "one")) == set(current(connection, "two")) == set("ABC")


def test_a_record_whose_file_lost_its_mapped_column_is_still_bad(connection: Connection) -> None:
    land_now(connection, deliver([Bad("A")]))

    def read(_record: Quarantined) -> Batch:
        raise UnreadableFile("no column Amount")

    assert replay_now(connection, read).outcomes[0].message == "no column Amount"


def test_a_source_that_is_not_connected_changes_nothing(connection: Connection) -> None:
    def reader_of(name: str) -> Reader:
        if name == "gone":
            raise ConfigError("not connected")
        return Reader("files", good)

    for source in ("connected", "gone"):
        land_now(connection, deliver([Bad("A")], source))
    with pytest.raises(ConfigError):
        replay(connection, None, LATER, reader_of)
    connection.commit()
    assert [quarantine(connection, source)[0][3] for source in ("connected", "gone")] == ["open", "open"]


def test_replay_gets_the_header_of_the_file(connection: Connection) -> None:
    land_now(connection, deliver([Bad("A")]))
    assert read_one(connection, 1).header == "payment_id;amount;currency"


def test_search_filters(connection: Connection) -> None:
    land_now(connection, deliver([Bad("A"), Bad("B")], "one"))
    land_now(connection, deliver([Bad("C")], "two"))
    replay_now(connection, good, [1])
    assert [record.record_key for record in search(connection)] == ["C", "B"]
    assert [record.record_key for record in search(connection, status=None, source="one")] == ["A", "B"]
    assert search(connection, entity="invoices") == []
    assert len(search(connection, status=None, entity=PAYMENTS.name, limit=2)) == 2
