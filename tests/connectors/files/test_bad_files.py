"""Files that can't be read: one plain message each, naming the file and the mend, and never a traceback."""

from __future__ import annotations

import gzip
import io
import os
import re
import resource
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from delivered import HEADER, INVOICES, read

from cartera.connectors.files import deliveries
from cartera.errors import CarteraError, MissingColumn, SourceError, UnreadableFile

ROW = "1,20100047218,2026-01-31,100.00,PEN\n"
GOOD = HEADER + ROW


def message(error: pytest.ExceptionInfo[CarteraError]) -> str:
    assert error.value.mend, "says how to mend it"
    return str(error.value)


def workbook(*rows: list[object]) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    return stream.getvalue()


BOOK = workbook(HEADER.strip().split(","), ["1", "2", "2026-01-31", 100.0, "PEN"])


def parquet() -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({name: ["1"] for name in HEADER.strip().split(",")}), stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("cuentas.csv", b"", r"is empty \(0 bytes\)"),
        ("cuentas.csv", b"\n\n  \n", "only empty lines"),
        ("cuentas.xlsx", GOOD.encode(), r"is CSV text, named \.xlsx(.|\n)*format: csv"),
        ("cuentas.parquet", GOOD.encode(), r"is CSV text, named \.parquet"),
        ("cuentas.csv", BOOK, r"is an XLSX workbook, named \.csv(.|\n)*format: xlsx"),
        ("cuentas.csv", parquet(), r"is a Parquet file, named \.csv"),
        ("cuentas.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, r"old Excel file \(\.xls\)"),
        ("cuentas.csv", b"<!DOCTYPE html><html><body>Login</body></html>", "HTML page"),
        ("cuentas.csv", b"\xef\xbb\xbf \n<HTML>", "HTML page"),
        ("cuentas.csv", b"%PDF-1.7", "PDF"),
        ("cuentas.csv", b"\0" * 5000, "zero bytes"),
        ("cuentas.csv", bytes(range(256)) * 100, "binary data|no text"),
        ("cuentas.csv", GOOD.encode() + b"2,2,2026-0", r"row 3, the last, ends after 3 of 5 fields(.|\n)*truncated"),
        ("cuentas.csv", GOOD.encode() + b'2,"7,2026-01-31,1,PEN\n' + ROW.encode(), "row 3 opens a quote"),
        ("cuentas.csv", GOOD.encode() + b'2,2,2026-01-31,1,"PE', "row 3 opens a quote"),
        ("cuentas.csv", HEADER.encode("utf-16") + ROW.encode("utf-16-le")[:-3], "truncated"),
        ("cuentas.csv.gz", gzip.compress(GOOD.encode() * 100)[:-12], "gzip file is truncated"),
        ("cuentas.xlsx", BOOK[:-200], "workbook is truncated or damaged"),
        ("cuentas.xlsx", BOOK[:200] + b"\0" * 100 + BOOK[300:], "workbook is truncated or damaged"),
        ("cuentas.parquet", parquet()[:-40], "Parquet file is truncated or damaged"),
        ("cuentas.csv", HEADER.encode(), "a header and no rows"),
        ("cuentas.xlsx", workbook(), "is empty"),
        ("cuentas.xlsx", workbook(HEADER.strip().split(",")), "a header and no rows"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_it_should_be(name, content, said, invoices):  # type: ignore[no-untyped-def]
    with pytest.raises(SourceError) as error:
        read(invoices(content, name=name))
    assert re.search(said, message(error)), message(error)
    assert name in message(error)


def test_format_in_the_mapping_goes_before_the_name(invoices):  # type: ignore[no-untyped-def]
    assert len(read(invoices(GOOD, "format: csv", name="cuentas.xlsx")).rows) == 1
    assert len(read(invoices(BOOK, "format: xlsx", name="cuentas.csv")).rows) == 1


def test_a_zip_that_is_no_workbook(invoices):  # type: ignore[no-untyped-def]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("cuentas.csv", GOOD)
    with pytest.raises(UnreadableFile, match="a zip archive, not a workbook"):
        read(invoices(stream.getvalue(), name="cuentas.xlsx"))


def bomb(sheet: bytes, *, declared: int | None = None) -> bytes:
    """The good workbook with its sheet replaced; `declared`: the size that the directory claims."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BOOK)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            is_sheet = member.filename == "xl/worksheets/sheet1.xml"
            new.writestr(member.filename, sheet if is_sheet else old.read(member))
    data = stream.getvalue()
    if declared is not None:
        data = data.replace(len(sheet).to_bytes(4, "little"), declared.to_bytes(4, "little"))
    return data


@pytest.mark.parametrize(
    "content",
    [
        bomb(b" " * (40 << 20)),
        bomb(b" " * (40 << 20), declared=1000),
        bomb(
            b'<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
            b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
        ),
    ],
    ids=["swells", "lies about its size", "two cells far apart"],
)
def test_a_zip_bomb_is_refused_before_it_is_opened(content, invoices):  # type: ignore[no-untyped-def]
    with pytest.raises(UnreadableFile, match="zip bomb|damaged"):
        read(invoices(content, name="cuentas.xlsx"))


def test_a_gzip_bomb(invoices):  # type: ignore[no-untyped-def]
    with pytest.raises(UnreadableFile, match="zip bomb"):
        read(invoices(gzip.compress(b"\n" * (120 << 20)), name="cuentas.csv.gz"))


@pytest.mark.parametrize(
    ("start", "size"),
    [(b"", 64 << 20), (GOOD.encode(), 2 << 30), (GOOD.encode() + b'2,"', 64 << 20)],
    ids=["first", "later", "in quotes"],
)
def test_a_line_of_two_gigabytes_takes_no_memory(start, size, invoices, tmp_path):  # type: ignore[no-untyped-def]
    source = invoices(start)
    with (tmp_path / "cuentas.csv").open("r+b") as file:
        file.seek(0, os.SEEK_END)
        file.write(b"x" * (1 << 20) + (b"\n" if start.endswith(b'"') else b"") + b"x" * (48 << 20))
        file.truncate(size)  # the rest is a hole of NUL bytes
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnreadableFile, match="16 MB") as error:
        read(source)
    assert "cuentas.csv" in message(error)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000, "kB more than before"


def test_a_missing_column_is_named_with_what_there_is(invoices):  # type: ignore[no-untyped-def]
    with pytest.raises(MissingColumn) as error:
        read(invoices(GOOD.replace("Fecha", "Fecha Emisión")))
    said = message(error)
    assert "cuentas.csv" in said and "no column 'Fecha'" in said and "issue_date" in said
    assert "did you mean Fecha Emisión?" in said and "Factura, RUC, Fecha Emisión, Importe, Moneda" in said
    assert "entities.invoices.columns.issue_date" in said and "erp.yaml" in said


def test_a_mapped_header_that_is_there_twice(invoices):  # type: ignore[no-untyped-def]
    with pytest.raises(MissingColumn, match="2 times, in columns 4, 6"):
        read(invoices("Factura,RUC,Fecha,Importe,Moneda,Importe\n1,2,2026-01-31,1,PEN,2\n"))


def test_a_pattern_that_matches_nothing(mapping, tmp_path):  # type: ignore[no-untyped-def]
    source = mapping(INVOICES.format(files=tmp_path / "no*.csv"))
    with pytest.raises(SourceError, match="no file matches"):
        list(deliveries(source))


def test_a_folder_and_a_broken_link(mapping, tmp_path):  # type: ignore[no-untyped-def]
    (tmp_path / "exports").mkdir()
    with pytest.raises(UnreadableFile, match="is a folder"):
        list(deliveries(mapping(INVOICES.format(files=tmp_path / "exports"))))
    (tmp_path / "link.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(UnreadableFile, match=r"link\.csv: No such file"):
        list(deliveries(mapping(INVOICES.format(files=tmp_path / "link.csv"))))


def test_no_permission(invoices, tmp_path, monkeypatch):  # type: ignore[no-untyped-def]
    source = invoices(GOOD)
    if os.geteuid() != 0:
        (tmp_path / "cuentas.csv").chmod(0)
    else:
        # root reads everything: the refusal has to be played

        def refuse(self: Path, *_args: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UnreadableFile, match=r"cuentas\.csv: Permission denied"):
        list(deliveries(source))


def test_a_file_that_changes_while_it_is_read(invoices, tmp_path):  # type: ignore[no-untyped-def]
    (delivery,) = deliveries(invoices(GOOD))
    with (tmp_path / "cuentas.csv").open("a") as file:
        file.write(ROW)
    with pytest.raises(UnreadableFile, match="changed while it was read"):
        list(delivery.batches)


def test_no_wheel_says_anything_on_standard_error(invoices, capfd):  # type: ignore[no-untyped-def]
    """Arrow prints a traceback when a handler of ours fails on bytes that are no text."""
    read(invoices(GOOD.encode() + b"2,\xff\n3,\xff,\xfe,\n" + ROW.encode() * 5, "encoding: utf-8"))
    sys.stderr.flush()
    assert capfd.readouterr().err == ""
