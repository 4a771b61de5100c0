"""Rows that go to quarantine: the message names file, row, column, value and mend; the original bytes are kept."""

from __future__ import annotations

from decimal import Decimal

import pytest
from delivered import HEADER, read

from cartera.errors import SourceError

GOOD = "1,20100047218,2026-01-31,100.00,PEN"


@pytest.mark.parametrize(
    ("row", "reason", "column", "said"),
    [
        ("2,,2026-01-31,100.00,PEN", "missing_value", "customer_id", "column 'RUC' (customer_id) is empty"),
        (",2,2026-01-31,100.00,PEN", "missing_value", "invoice_id", "column 'Factura' (invoice_id) is empty"),
        ("2,2,31/02/2026,100.00,PEN", "unreadable_date", "issue_date", "'31/02/2026' is no date in YYYY-MM-DD"),
        ("2,2,2026-02-30,100.00,PEN", "unreadable_date", "issue_date", "'2026-02-30'"),
        ("2,2,0026-02-20,100.00,PEN", "unreadable_date", "issue_date", "'0026-02-20'"),
        ("2,2,2026-01-31,cien,PEN", "unreadable_amount", "total_amount", "'cien' is no amount"),
        ("2,2,2026-01-31,1.2.3,PEN", "unreadable_amount", "total_amount", "'1.2.3'"),
        ('2,2,2026-01-31,"1,234.50",PEN', "unreadable_amount", "total_amount", "set `decimal` and `thousands`"),
        ("2,2,2026-01-31,1234567890123456789,PEN", "unreadable_amount", "total_amount", "'1234567890123456789'"),
        ("2,2,2026-01-31,-0.01,PEN", "negative_amount", "total_amount", "is negative"),
        ("2,2,2026-01-31,1.0000001,PEN", "too_many_decimals", "total_amount", "more than 6 decimals"),
        ("2,2,2026-01-31,1e-7,PEN", "too_many_decimals", "total_amount", "more than 6 decimals"),
        ("2,2,2026-01-31,100.00,XXQ", "unknown_currency", "currency_code", "'XXQ' is no ISO 4217 currency"),
        ("2,2,2026-01-31,100.00", "wrong_field_count", None, "has 4 fields, the header has 5"),
        ("2,2,2026-01-31,100,00,PEN", "wrong_field_count", None, "has 6 fields, the header has 5"),
        ("2,a\0b,2026-01-31,100.00,PEN", "invalid_bytes", None, "no text in utf-8"),
    ],
)
def test_each_reason(row, reason, column, said, invoices):  # type: ignore[no-untyped-def]
    landed = read(invoices(f"{HEADER}{GOOD}\n{row}\n{GOOD.replace('1', '3', 1)}\n"))
    reject = landed.reject
    assert (reject.reason_code, reject.column_name, reject.row_number) == (reason, column, 3)
    assert said in reject.message and "cuentas.csv row 3" in reject.message
    assert reject.raw_bytes == row.encode()
    assert [values["row_number"] for values in landed.rows] == [2, 4]


def test_what_could_be_read_goes_with_the_reject(invoices):  # type: ignore[no-untyped-def]
    reject = read(invoices(f"{HEADER}F-7,2,31/02/2026,-12.50,COP\n")).reject
    assert (reject.record_key, reject.amount, reject.currency_code) == ("F-7", Decimal("-12.5"), "COP")
    assert "'31/02/2026'" in reject.message and "'-12.5" in reject.message, "every problem of the row is told"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_original_bytes_in_the_encoding_of_the_file_with_quoted_line_ends(encoding, invoices):  # type: ignore[no-untyped-def]
    bad = '"2\r\nñ","a ""b"", c",enero,100.00,PEN'
    content = f"{HEADER}{GOOD}\r\n{bad}\r\n{GOOD}\r\n".encode(encoding)
    reject = read(invoices(content)).reject
    exact = encoding if encoding != "utf-16" else "utf-16-le"
    assert reject.raw_bytes == bad.encode(exact)
    assert (reject.row_number, reject.record_key) == (3, "2\r\nñ")


def test_stray_quotes_stay_text(invoices):  # type: ignore[no-untyped-def]
    landed = read(invoices(f'{HEADER}1,5" tubo,2026-01-31,1,PEN\n2,"4"" x",enero,1,PEN\n3,7,2026-01-31,1,PEN\n'))
    assert [row["customer_id"] for row in landed.rows] == ['5" tubo', "7"]
    assert landed.reject.raw_bytes == b'2,"4"" x",enero,1,PEN'


def test_bytes_that_are_no_text(invoices):  # type: ignore[no-untyped-def]
    content = f"{HEADER}{GOOD}\n".encode() + b"2,\xff\xfe,2026-01-31,1,PEN\n3,\xf1,x\n" + GOOD.encode()
    landed = read(invoices(content, "encoding: utf-8"))
    assert [(r.reason_code, r.row_number, r.raw_bytes) for r in landed.rejects] == [
        ("invalid_bytes", 3, b"2,\xff\xfe,2026-01-31,1,PEN"),
        ("invalid_bytes", 4, b"3,\xf1,x"),
    ]
    assert [row["row_number"] for row in landed.rows] == [2, 5]


def test_unknown_words_for_choices_and_booleans(invoices, mapping):  # type: ignore[no-untyped-def]
    source = invoices("Factura,RUC,Fecha,Importe,Moneda,Estado,Disputa\n1,2,2026-01-31,1,PEN,Raro,quizás\n")
    text = source.path.read_text().replace(
        "    columns:\n", "    columns:\n      status: Estado\n      is_disputed: Disputa\n"
    )
    reject = read(mapping(text)).reject
    assert (reject.reason_code, reject.column_name) == ("unknown_value", "status")
    assert (
        "'Raro' is not known; map it to open or paid or void or deleted or draft under `values: status`"
        in reject.message
    )
    assert "'quizás' is not known; map it to true or false" in reject.message


def test_meanings_of_words_and_of_nothing(invoices, mapping):  # type: ignore[no-untyped-def]
    source = invoices(
        "Factura,RUC,Fecha,Importe,Moneda,Estado,Disputa,Vence\n"
        "1,2,2026-01-31,1,S/,ANULADO,Sí,00/00/0000\n2,2,2026-01-31,1,PEN,Abierto,No,2026-03-01\n",
        "values:\n  status: {Anulado: void, Abierto: open}\n  currency_code: {S/: PEN}\n"
        "  is_disputed: {Sí: true, No: false}\n  due_date: {00/00/0000: null}\n",
    )
    more = "      status: Estado\n      is_disputed: Disputa\n      due_date: Vence\n"
    rows = read(mapping(source.path.read_text().replace("    columns:\n", f"    columns:\n{more}"))).rows
    assert [row["status"] for row in rows] == ["void", "open"]
    assert [row["is_disputed"] for row in rows] == [True, False]
    assert [row["currency_code"] for row in rows] == ["PEN", "PEN"]
    assert rows[0]["due_date"] is None and rows[1]["due_date"] is not None


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{0},2,31/01/2026,1,PEN", r"30 of 31 rows.*'31/01/2026' is no date(.|\n)*dates: \['%d/%m/%Y'\]"),
        ("{0},2,01/31/2026,1,PEN", r"dates: \['%m/%d/%Y'\]"),
        ('{0},2,2026-01-31,"1.234,50",PEN', r"decimal: ','` and `thousands: \"\.\""),
        ("{0},2,2026-01-31,1,SOLES", "values"),
        ("{0},,2026-01-31,1,PEN", "map a column that is filled in"),
        ("{0},2,2026-01-31,1,PEN,extra", "delimiter"),
        ("{0},2,2026-01-31,-1,PEN", "credit_notes"),
    ],
)
def test_a_mapping_that_does_not_fit_stops_the_file_instead(row, said, invoices):  # type: ignore[no-untyped-def]
    rows = "\n".join(row.format(number) for number in range(100, 130))
    with pytest.raises(SourceError, match=said) as error:
        read(invoices(f"{HEADER}{GOOD}\n{rows}\n"))
    assert "cuentas.csv" in str(error.value) and "erp.yaml" in str(error.value)


def test_a_wrong_mapping_on_a_large_file_stops_early(invoices):  # type: ignore[no-untyped-def]
    rows = "\n".join(f"{number},2,31/01/2026,1,PEN" for number in range(400_000))
    source = invoices(f"{HEADER}{rows}\n")
    from cartera.connectors.files import deliveries

    (delivery,) = deliveries(source)
    seen = []
    with pytest.raises(SourceError, match="is no date"):
        for batch in delivery.batches:
            seen.append(len(batch.rejects))
    assert sum(seen) == 0, "no reject is made of a file that stops"


def test_many_rejects_cost_little_and_are_each_told(invoices):  # type: ignore[no-untyped-def]
    rows = "\n".join(f"{number},2,{'2026-01-31' if number % 3 else 'x'},1,PEN" for number in range(60_000))
    landed = read(invoices(f"{HEADER}{rows}\n"))
    assert (len(landed.rows), len(landed.rejects)) == (40_000, 20_000)
    assert landed.rejects[-1].raw_bytes == b"59997,2,x,1,PEN"
