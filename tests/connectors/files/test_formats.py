"""XLSX and Parquet give what CSV gives for the same rows; any dialect gives back what was written."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
from delivered import read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cartera.connectors.files import load_source

FIELDS = ("invoice_id", "customer_id", "issue_date", "total_amount", "currency_code", "customer_name", "is_disputed")
HEADERS = ("Factura", "RUC", "Fecha", "Importe", "Moneda", "Cliente", "Disputa")
COLUMNS = "".join(f"      {ours}: {theirs}\n" for ours, theirs in zip(FIELDS, HEADERS, strict=True))
MAPPING = "system: files\nentities:\n  invoices:\n    files: '{files}'\n{more}    columns:\n" + COLUMNS
ROWS = [
    ("00012", "4294967296", dt.date(2026, 1, 31), Decimal("1234567.89"), "PEN", "=SUM(A1)", True),
    ("12345", "20100047218", dt.date(2024, 2, 29), Decimal("0.1"), "COP", "Ñandú\nS.A.", False),
    ("F-3", "7", dt.date(2026, 12, 1), Decimal("1000"), "USD", None, None),
]


def source(folder: Path, name: str, more: str = ""):  # type: ignore[no-untyped-def]
    (folder / "sources").mkdir(exist_ok=True)
    path = folder / "sources" / f"{name.replace('.', '_')}.yaml"
    path.write_text(MAPPING.format(files=folder / name, more=more), encoding="utf-8")
    return load_source(path)


def as_csv(folder: Path) -> None:
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows([HEADERS, *(["" if cell is None else str(cell) for cell in row] for row in ROWS)])


def as_xlsx(folder: Path) -> None:
    with xlsxwriter.Workbook(str(folder / "rows.xlsx"), {"strings_to_formulas": False}) as book:
        sheet, day = book.add_worksheet("Datos"), book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(0, 0, HEADERS)
        for place, (invoice, customer, date, amount, currency, name, disputed) in enumerate(ROWS, start=1):
            if invoice.startswith("0") or not invoice.isdigit():
                sheet.write_string(place, 0, invoice)
            else:
                sheet.write_number(place, 0, int(invoice))
            sheet.write_number(place, 1, int(customer))
            sheet.write_datetime(place, 2, dt.datetime.combine(date, dt.time()), day)
            sheet.write_number(place, 3, float(amount))
            sheet.write_string(place, 4, currency)
            if name:
                sheet.write_string(place, 5, name)
            if disputed is not None:
                sheet.write_boolean(place, 6, disputed)


def as_parquet(folder: Path) -> None:
    columns = list(zip(*ROWS, strict=True))
    types = [pa.string(), pa.int64(), pa.date32(), pa.decimal128(12, 2), pa.dictionary(pa.int32(), pa.string())]
    arrays = [
        pa.array(map(int, values) if kind == pa.int64() else values, kind)
        for kind, values in zip([*types, pa.string(), pa.bool_()], columns, strict=True)
    ]
    pq.write_table(pa.table(dict(zip(HEADERS, arrays, strict=True))), folder / "rows.parquet", row_group_size=2)


def test_three_formats_one_table(tmp_path):  # type: ignore[no-untyped-def]
    tables = {}
    for name, write in (("rows.csv", as_csv), ("rows.xlsx", as_xlsx), ("rows.parquet", as_parquet)):
        write(tmp_path)
        landed = read(source(tmp_path, name))
        assert landed.rejects == []
        tables[name] = landed.table.drop_columns(["row_number"])
        expected = [{**dict(zip(FIELDS, row, strict=True)), "company_id": "main"} for row in ROWS]
        kept = tables[name].select([*FIELDS, "company_id"]).to_pylist()
        assert kept == expected, name
    assert tables["rows.csv"].equals(tables["rows.xlsx"])
    assert tables["rows.csv"].equals(tables["rows.parquet"])


def test_what_spreadsheets_hold(tmp_path):  # type: ignore[no-untyped-def]
    """Values of formulas, numbers as text, an amount computed in floating point, a sheet by name, empty rows above."""
    with xlsxwriter.Workbook(str(tmp_path / "hoja.xlsx")) as book:
        book.add_worksheet("Portada").write(0, 0, "nada")
        sheet = book.add_worksheet("Datos")
        sheet.write_row(2, 1, HEADERS)
        sheet.write_row(3, 1, [12345.0, "0007", "31/01/2026", 0.1 + 0.2, "PEN"])
        sheet.write_formula(4, 1, "=A1&B1", None, "F-2")
        sheet.write_row(4, 2, [20100047218, "31/01/2026"])
        sheet.write_formula(4, 4, "=1/3", None, 0.333333333333333)
        sheet.write_row(6, 1, ["F-3", "7", "31/01/2026", "1.234,50", "PEN"])
    more = "    sheet: Datos\n    decimal: ','\n    thousands: .\n    dates: '%d/%m/%Y'\n"
    landed = read(source(tmp_path, "hoja.xlsx", more))
    assert [(row["row_number"], row["invoice_id"], row["customer_id"]) for row in landed.rows] == [
        (4, "12345", "0007"),
        (7, "F-3", "7"),
    ]
    assert [row["total_amount"] for row in landed.rows] == [Decimal("0.3"), Decimal("1234.5")]
    reject = landed.reject
    assert (reject.row_number, reject.record_key, reject.raw_format) == (5, "F-2", "json")
    assert json.loads(reject.raw_bytes)[:4] == ["F-2", "20100047218", "31/01/2026", "0.333333333333333"]


def test_an_error_in_a_cell_is_not_an_empty_cell(tmp_path):  # type: ignore[no-untyped-def]
    with xlsxwriter.Workbook(str(tmp_path / "hoja.xlsx")) as book:
        book.add_worksheet("Portada").write_formula(1, 3, "=1/0", None, "#DIV/0!")
        sheet = book.add_worksheet("Datos")
        sheet.write_row(1, 1, HEADERS)
        sheet.write_row(2, 1, ["F-1", "7", "2026-01-31", 5, "PEN", "n", True])
        sheet.write_row(3, 1, ["F-2", "7", "2026-01-31", 5, "PEN", "n"])
        sheet.write_formula(3, 7, "=VLOOKUP(A1,B1:C2,2)", None, "#N/A")
    landed = read(source(tmp_path, "hoja.xlsx", "    sheet: Datos\n"))
    assert [row["invoice_id"] for row in landed.rows] == ["F-1"]
    assert (landed.reject.row_number, landed.reject.reason_code) == (4, "unknown_value")
    assert "'#N/A' is not known" in landed.reject.message


def test_what_parquet_holds(tmp_path):  # type: ignore[no-untyped-def]
    """Ids as floats (pandas with gaps), NaN, timestamps, decimals with too many digits."""
    pq.write_table(
        pa.table(
            {
                "Factura": pa.array([12345.0, 2.0, 3.0]),
                "RUC": pa.array([20100047218.0, float("nan"), 4294967296.0]),
                "Fecha": pa.array(["2026-01-31 23:59"] * 3).cast(pa.timestamp("us")),
                "Importe": pa.array([Decimal("1.5"), Decimal("2"), Decimal("0.1234567")], pa.decimal128(20, 7)),
                "Moneda": pa.array(["PEN"] * 3, pa.large_string()),
                "Cliente": pa.array([None] * 3),
                "Disputa": pa.array(["1", "no", None]),
            }
        ),
        tmp_path / "rows.parquet",
    )
    landed = read(source(tmp_path, "rows.parquet"))
    assert [(row["invoice_id"], row["customer_id"], row["is_disputed"]) for row in landed.rows] == [
        ("12345", "20100047218", True)
    ]
    assert landed.rows[0]["issue_date"] == dt.date(2026, 1, 31)
    assert [(reject.row_number, reject.reason_code) for reject in landed.rejects] == [
        (2, "missing_value"),
        (3, "too_many_decimals"),
    ]
    assert json.loads(landed.rejects[1].raw_bytes)[3] == "0.1234567"


text = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)), max_size=12)
latin = st.text(st.sampled_from("abcÑñáéíóú ,;|\t\"'\n.€$-=@"), max_size=12)
row = st.tuples(
    latin.filter(str.strip),
    latin.filter(str.strip),
    st.dates(dt.date(1950, 1, 1), dt.date(2100, 12, 31)),
    st.decimals(0, 10**12, places=2, allow_nan=False, allow_infinity=False),
    st.sampled_from(["PEN", "COP", "USD"]),
    latin,
    st.sampled_from([True, False, None]),
)


@given(
    rows=st.lists(row, min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    separators=st.sampled_from([(".", ""), (",", ""), (".", ","), (",", "."), (",", " "), (".", "'")]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    date=st.sampled_from(["%d/%m/%Y", "%m-%d-%Y", "%Y-%m-%d", "%d.%m.%Y"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_round_trip(tmp_path, rows, delimiter, separators, encoding, date, line_end, quoting):  # type: ignore[no-untyped-def]
    decimal, thousands = separators
    grouped = str.maketrans({",": thousands, ".": decimal})
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerow(HEADERS)
    for invoice, customer, day, amount, currency, name, disputed in rows:
        said = "" if disputed is None else "sí" if disputed else "no"
        written = f"{amount:,.2f}" if thousands else f"{amount:.2f}"
        writer.writerow([invoice, customer, day.strftime(date), written.translate(grouped), currency, name, said])
    (tmp_path / "rows.csv").write_bytes(stream.getvalue().encode(encoding))
    more = f"    decimal: '{decimal}'\n    thousands: \"{thousands}\"\n    dates: '{date}'\n"
    more += f'    delimiter: "{delimiter}"\n'
    if encoding == "cp1252":
        more += "    encoding: cp1252\n"
    landed = read(source(tmp_path, "rows.csv", more))
    assert landed.rejects == []
    assert [tuple(got[field] for field in FIELDS) for got in landed.rows] == [
        (invoice.strip(), customer.strip(), day, amount, currency, name.strip() or None, disputed)
        for invoice, customer, day, amount, currency, name, disputed in rows
    ]
