"""Deliveries: what is one, what has landed before, what makes it another; and quarantine read again."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from delivered import HEADER, INVOICES, read

from cartera.connectors.files import deliveries, load_source, read_quarantined
from cartera.db import Role, transaction
from cartera.errors import SourceError
from cartera.landing import land, next_recorded_at

ROW = "{0},20100047218,2026-01-31,{1},PEN\n"
NOW = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)


def month(tmp_path, number, *rows):  # type: ignore[no-untyped-def]
    (tmp_path / f"fac_{number:02}.csv").write_text(HEADER + "".join(ROW.format(*row) for row in rows))


@pytest.fixture
def months(tmp_path, mapping):  # type: ignore[no-untyped-def]
    month(tmp_path, 2, ("B", 20))
    month(tmp_path, 1, ("A", 10))

    def make(delivery: str):  # type: ignore[no-untyped-def]
        text = INVOICES.format(files="fac_*.csv").replace("    columns:", f"    delivery: {delivery}\n    columns:")
        return mapping(text)

    return make


def test_full_is_one_delivery_of_all_files_in_the_order_of_their_names(months):  # type: ignore[no-untyped-def]
    landed = read(months("full"))
    (delivery,) = landed.deliveries
    assert (delivery.kind, delivery.source, delivery.system, delivery.entity.name) == (
        "full",
        "erp",
        "files",
        "invoices",
    )
    assert [file.name.rsplit("/", 1)[1] for file in delivery.files] == ["fac_01.csv", "fac_02.csv"]
    assert [row["invoice_id"] for row in landed.rows] == ["A", "B"]


def test_incremental_is_one_delivery_for_each_file(months):  # type: ignore[no-untyped-def]
    found = read(months("incremental")).deliveries
    assert [delivery.kind for delivery in found] == ["incremental"] * 2
    assert len({delivery.fingerprint for delivery in found}) == 2


def test_first_files_of_all_entities_come_before_second_ones(months, tmp_path):  # type: ignore[no-untyped-def]
    path = months("incremental").path
    text = path.read_text().split("  invoices:")[1].replace("invoice_id: Factura\n", "credit_note_id: Factura\n")
    path.write_text(path.read_text() + "  credit_notes:" + text)
    found = [(delivery.entity.name, delivery.files[0].name[-6:]) for delivery in deliveries(load_source(path))]
    assert found == [
        ("invoices", "01.csv"),
        ("credit_notes", "01.csv"),
        ("invoices", "02.csv"),
        ("credit_notes", "02.csv"),
    ]


def test_an_incremental_file_without_rows_means_no_change(months, tmp_path):  # type: ignore[no-untyped-def]
    month(tmp_path, 3)
    assert len(read(months("incremental")).rows) == 2
    assert len(read(months("full")).rows) == 2, "one of several files may be empty"


def test_the_fingerprint_follows_content_and_mapping_only(months, tmp_path):  # type: ignore[no-untyped-def]
    def fingerprint(source) -> str:  # type: ignore[no-untyped-def]
        (delivery,) = deliveries(source)
        return delivery.fingerprint

    source = months("full")
    first = fingerprint(source)
    (tmp_path / "fac_01.csv").touch()
    assert fingerprint(source) == first
    path = source.path
    path.write_text(path.read_text().replace("    columns:", "    dates: '%d/%m/%Y'\n    columns:"))
    other_mapping = fingerprint(load_source(path))
    month(tmp_path, 1, ("A", 11))
    assert len({first, other_mapping, fingerprint(load_source(path))}) == 3


def test_original_bytes_are_given_for_any_row(invoices):  # type: ignore[no-untyped-def]
    text = (
        HEADER
        + 'A,"1\n2",2026-01-31,1,PEN\n\n'
        + "".join(ROW.format(f"N{number}", number) for number in range(300_000))
    )
    source = invoices(text.replace("\n", "\r\n").encode("utf-16"))
    (delivery,) = deliveries(source)
    assert delivery.originals is not None
    found = delivery.originals(delivery.files[0].name, [2, 4, 300_003])
    assert {row: (raw.decode("utf-16-le"), kind) for row, (raw, kind) in found.items()} == {
        2: ('A,"1\r\n2",2026-01-31,1,PEN', "csv"),
        4: ("N0,20100047218,2026-01-31,0,PEN", "csv"),
        300_003: ("N299999,20100047218,2026-01-31,299999,PEN", "csv"),
    }


def replayed(source, landed, place=0):  # type: ignore[no-untyped-def]
    reject = landed.rejects[place]
    (file,) = landed.deliveries[0].files
    return read_quarantined(source, "invoices", file.header, reject.raw_bytes, reject.raw_format)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_quarantine_is_read_again_with_the_present_mapping(encoding, invoices, mapping):  # type: ignore[no-untyped-def]
    source = invoices(f'{HEADER.replace(",", ";")}Ñ1;"a;b";31/01/2026;1,50;PEN\n'.encode(encoding))
    landed = read(source)
    assert replayed(source, landed).rejects[0].reason_code == "unreadable_date"
    text = source.path.read_text().replace("    columns:", "    dates: '%d/%m/%Y'\n    decimal: ','\n    columns:")
    batch = replayed(mapping(text), landed)
    (row,) = batch.rows.to_pylist()
    assert (row["invoice_id"], row["customer_id"], row["total_amount"]) == ("Ñ1", "a;b", Decimal("1.5"))
    assert row["issue_date"] == dt.date(2026, 1, 31) and batch.rejects == []


def test_bytes_read_again_in_the_right_encoding(invoices, mapping):  # type: ignore[no-untyped-def]
    source = invoices(HEADER.encode() + "Ñ1,2,2026-01-31,1,PEN\n".encode("cp1252"), "encoding: utf-8")
    landed = read(source)
    assert replayed(source, landed).rejects[0].reason_code == "invalid_bytes"
    again = replayed(mapping(source.path.read_text().replace("encoding: utf-8", "encoding: cp1252")), landed)
    assert again.rows.to_pylist()[0]["invoice_id"] == "Ñ1"


def test_a_record_of_too_few_fields_stays_bad(invoices):  # type: ignore[no-untyped-def]
    source = invoices(f"{HEADER}1,2\n")
    assert replayed(source, read(source)).rejects[0].reason_code == "wrong_field_count"


@pytest.mark.parametrize("header", ["", "Factura,RUC", "[]", "{}"])
def test_a_header_that_is_not_known(header, invoices):  # type: ignore[no-untyped-def]
    with pytest.raises(SourceError, match="header"):
        read_quarantined(invoices(HEADER), "invoices", header, b"1,2", "csv")


def test_incremental_files_that_landed_are_not_delivered_again(database, months, tmp_path):  # type: ignore[no-untyped-def]
    source = months("incremental")

    def run(now: dt.datetime) -> list[int]:
        with transaction(Role.loader) as connection:
            return [
                land(connection, delivery, next_recorded_at(connection, "erp", now)).rows_in
                for delivery in deliveries(source, connection)
            ]

    assert run(NOW) == [1, 1]
    assert run(NOW + dt.timedelta(days=1)) == []
    month(tmp_path, 1, ("A", 99), ("C", 1))
    assert run(NOW + dt.timedelta(days=2)) == [2]
    with transaction(Role.loader) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select record_key, total_amount from raw_files.invoices where recorded_to > now() + interval '1 year'"
            " order by 1"
        )
        assert cursor.fetchall() == [("A", 99), ("B", 20), ("C", 1)]


def test_landing_keeps_original_bytes_of_rejects_and_of_repeats(database, invoices):  # type: ignore[no-untyped-def]
    source = invoices(
        HEADER + 'A,"7 ""x""",2026-01-31,1,PEN\nA,8,2026-01-31,2,PEN\nB,7,x,3,PEN\nC,7,2026-01-31,4,PEN\n'
    )
    with transaction(Role.loader) as connection:
        (report,) = [land(connection, delivery, NOW) for delivery in deliveries(source, connection)]
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (4, 1, 3)
    assert report.amounts["PEN"] == {"in": Decimal(10), "loaded": Decimal(4), "quarantined": Decimal(6)}
    with transaction(Role.loader) as connection, connection.cursor() as cursor:
        cursor.execute("select row_number, reason_code, raw_bytes, raw_format from quarantine.records order by 1")
        assert [(row, reason, bytes(raw), kind) for row, reason, raw, kind in cursor.fetchall()] == [
            (2, "duplicate_key", b'A,"7 ""x""",2026-01-31,1,PEN', "csv"),
            (3, "duplicate_key", b"A,8,2026-01-31,2,PEN", "csv"),
            (4, "unreadable_date", b"B,7,x,3,PEN", "csv"),
        ]
