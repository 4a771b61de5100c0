"""Encodings, delimiters, decimal signs, quoting: the same rows come out of each."""

from __future__ import annotations

import datetime as dt
import gzip
import itertools
from decimal import Decimal

import pytest
from delivered import read

ROWS = [
    ["Factura", "RUC", "Fecha", "Importe", "Moneda", "Cliente"],
    ["F001-00000012", "0020100047218", "2026-01-31", "1234567.89", "PEN", "Peña & Niño S.A.C."],
    ["F001-00000013", "4294967296", "2026-02-28", "-0.00", "COP", 'El "Sol", S.A.'],
    ["000123", "007", "2026-12-01", "0.5", "USD", "línea una\nlínea dos"],
]
MORE = "decimal: '{decimal}'\nthousands: {thousands}\n"


def amount(text: str, decimal: str, thousands: str) -> str:
    grouped = f"{Decimal(text):,f}" if thousands else text
    return grouped.replace(",", "\0").replace(".", decimal).replace("\0", thousands)


def written(delimiter: str = ",", decimal: str = ".", thousands: str = "", line_end: str = "\n") -> str:
    def cell(place: int, text: str) -> str:
        if place == 3 and text != "Importe":
            text = amount(text, decimal, thousands)
        return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in (delimiter, '"', "\n")) else text

    return "".join(delimiter.join(cell(*pair) for pair in enumerate(row)) + line_end for row in ROWS)


def check(landed: object) -> None:
    rows = landed.rows  # type: ignore[attr-defined]
    assert [row["invoice_id"] for row in rows] == ["F001-00000012", "F001-00000013", "000123"]
    assert [row["customer_id"] for row in rows] == ["0020100047218", "4294967296", "007"]
    assert [row["issue_date"] for row in rows] == [dt.date(2026, 1, 31), dt.date(2026, 2, 28), dt.date(2026, 12, 1)]
    assert [row["total_amount"] for row in rows] == [Decimal("1234567.89"), Decimal(0), Decimal("0.5")]
    assert [row["customer_name"] for row in rows] == ["Peña & Niño S.A.C.", 'El "Sol", S.A.', "línea una\nlínea dos"]
    assert [row["row_number"] for row in rows] == [2, 3, 4]


def with_customer(source, mapping):  # type: ignore[no-untyped-def]
    text = source.path.read_text(encoding="utf-8").replace(
        "    columns:\n", "    columns:\n      customer_name: Cliente\n"
    )
    return mapping(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_encoding_with_every_delimiter(encoding, delimiter, invoices, mapping):  # type: ignore[no-untyped-def]
    source = invoices(written(delimiter).encode(encoding))
    check(read(with_customer(source, mapping)))


@pytest.mark.parametrize(
    ("decimal", "thousands"),
    [(".", ""), (",", ""), (".", ","), (",", "."), (",", " "), (",", "\u00a0"), (".", "'"), (",", "\u202f")],
)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_decimal_and_thousands_separators(decimal, thousands, delimiter, invoices, mapping):  # type: ignore[no-untyped-def]
    quoted = '"' + thousands + '"' if thousands else ""
    source = invoices(written(delimiter, decimal, thousands), MORE.format(decimal=decimal, thousands=quoted))
    check(read(with_customer(source, mapping)))


@pytest.mark.parametrize("line_end", ["\r\n", "\r", "\n"])
def test_line_ends(line_end, invoices, mapping):  # type: ignore[no-untyped-def]
    check(read(with_customer(invoices(written(line_end=line_end)), mapping)))


@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_the_last_line_needs_no_end(line_end, invoices):  # type: ignore[no-untyped-def]
    text = f"Factura,RUC,Fecha,Importe,Moneda{line_end}1,2,2026-01-01,3,USD"
    assert read(invoices(text)).rows[0]["total_amount"] == 3


def test_gzip(invoices, mapping):  # type: ignore[no-untyped-def]
    check(read(with_customer(invoices(gzip.compress(written().encode()), name="cuentas.csv.gz"), mapping)))


def test_the_line_sep_of_excel_and_empty_lines_before_the_header(invoices, mapping):  # type: ignore[no-untyped-def]
    landed = read(with_customer(invoices("sep=;\n" + written(";")), mapping))
    assert [row["row_number"] for row in landed.rows] == [3, 4, 5]
    landed = read(with_customer(invoices("\r\n\r\n" + written()), mapping))
    assert [row["row_number"] for row in landed.rows] == [4, 5, 6]


def test_empty_lines_and_lines_of_delimiters_are_no_records(invoices):  # type: ignore[no-untyped-def]
    landed = read(
        invoices("Factura,RUC,Fecha,Importe,Moneda\n\n1,2,2026-01-01,3,USD\n,,,,\n  ,,,,\n\n7,2,2026-01-01,3,USD\n\n")
    )
    assert [(row["row_number"], row["invoice_id"]) for row in landed.rows] == [(3, "1"), (7, "7")]
    assert landed.rejects == []


def test_white_space_around_values_goes_inside_stays(invoices):  # type: ignore[no-untyped-def]
    landed = read(invoices(" Factura ,RUC,Fecha,Importe,Moneda\n \u00a0A  1 , 2\t,2026-01-01, 3 , usd \n"))
    assert landed.rows[0] | {"invoice_id": "A  1", "customer_id": "2", "currency_code": "USD"} == landed.rows[0]


@pytest.mark.parametrize("values", list(itertools.product(["%d/%m/%Y", "%m/%d/%Y"], ["31/01/2026", "01/31/2026"])))
def test_only_the_named_date_format_is_read(values, invoices):  # type: ignore[no-untyped-def]
    format, written_date = values
    landed = read(invoices(f"Factura,RUC,Fecha,Importe,Moneda\n1,2,{written_date},3,USD\n", f"dates: '{format}'"))
    is_fit = dt.date(2026, 1, 31).strftime(format) == written_date
    assert len(landed.rows) == is_fit
    assert [reject.reason_code for reject in landed.rejects] == ([] if is_fit else ["unreadable_date"])


@pytest.mark.parametrize(
    "written_date",
    ["2026-01-31", "2026-01-31T10:00:00Z", "2026-01-31 23:59:59.083 UTC", "31/01/2026", "31.01.26", "31/01/2026 14:30"],
)
def test_several_formats_and_iso_with_a_time_of_day(written_date, invoices):  # type: ignore[no-untyped-def]
    source = invoices(
        f"Factura,RUC,Fecha,Importe,Moneda\n1,2,{written_date},3,USD\n", "dates: ['%d/%m/%Y', '%d.%m.%y']"
    )
    assert read(source).rows[0]["issue_date"] == dt.date(2026, 1, 31)


@pytest.mark.parametrize(
    ("written_amount", "value"),
    [
        ("$ 1234.50", "1234.5"),
        ("S/ 12.00", "12"),
        ("R$12", "12"),
        ("+5", "5"),
        ("1e3", "1000"),
        ("5.", "5"),
        (".5", "0.5"),
    ],
)
def test_amounts_as_people_write_them(written_amount, value, invoices):  # type: ignore[no-untyped-def]
    landed = read(invoices(f"Factura,RUC,Fecha,Importe,Moneda\n1,2,2026-01-01,{written_amount},USD\n"))
    assert landed.rows[0]["total_amount"] == Decimal(value)


@pytest.mark.parametrize("written_amount", ["(12.50)", "12.50-", "-12.50", "$-12.50", "-$12.50"])
def test_negative_amounts_where_they_may_be(written_amount, invoices, mapping):  # type: ignore[no-untyped-def]
    source = invoices(f"Factura,RUC,Fecha,Importe,Moneda,Saldo\n1,2,2026-01-01,3,USD,{written_amount}\n")
    text = source.path.read_text().replace("    columns:\n", "    columns:\n      open_amount: Saldo\n")
    assert read(mapping(text)).rows[0]["open_amount"] == Decimal("-12.5")
