"""The files of reports read back: typed, complete, adding up, saying what they are of; and text that stays text."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from support.serve_fixture import AS_OF, item, publish_items, sample_items

from cartera.reports import made, schedule
from cartera.reports.document import Document, Filter, Part
from cartera.reports.exports import export, frame, paper
from cartera.reports.ready_made import READY
from cartera.reports.wording import LOCALES, Wording, texts
from cartera.warehouse import metrics

HOSTILE = (
    "=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1", "=HYPERLINK(\"http://evil.example\")",
    "<script>alert(1)</script>", "{{ 7*7 }}", "http://evil.example", "mailto:x@y.pe", "a\nb", "x" * 300,
    "Ñandú ☂ \u202e desrever", "'; drop table x; --", "%s%n", "{0}", "  ", "=",
)  # fmt: skip

BY_CUSTOMER = Document(
    parts=(
        Part(
            mart="open_items",
            dimensions=("customer_name", "document_number", "due_date", "days_past_due", "is_disputed"),
            measures=("open_amount", "items"),
            filters=(Filter(column="item_type", among=("instalment",)),),
        ),
    )
)


def _book(content: bytes) -> CalamineWorkbook:
    return CalamineWorkbook.from_filelike(io.BytesIO(content))


def _lines(content: bytes, sheet: int = 0) -> list[list[Any]]:
    return _book(content).get_sheet_by_index(sheet).to_python(skip_empty_area=False)


def _xml(content: bytes) -> str:
    """Everything that the workbook is made of."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist() if name.endswith((".xml", ".rels")))


def _expected(items: list[Any]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for each in items:
        if each.item_type == "instalment":
            sums[each.currency_code] = sums.get(each.currency_code, Decimal(0)) + each.item_amount
    return sums


@pytest.fixture
def whole(database: str) -> made.Made:
    publish_items(sample_items())
    return made.make_whole("Open by customer", BY_CUSTOMER)


@pytest.mark.parametrize("language", LOCALES)
def test_the_formatted_workbook_adds_up_and_says_what_it_is_of(whole: made.Made, language: Any) -> None:
    said = Wording(language)
    file = export(whole, "xlsx", said)
    lines = _lines(file.content)
    top = next(number for number, line in enumerate(lines) if line[0] == said.column("customer_name"))
    assert f'ySplit="{top + 1}"' in _xml(file.content), "the heading stays in sight"
    stated = {line[0]: line[1] for line in lines[1:top] if line[0]}
    assert stated[said("said.as_of")] == said.date(AS_OF) and said("said.known_at") in stated
    assert said.column("item_type") in stated[said("said.filters")]
    assert stated[said("said.rows")] == said.number(whole.row_count)
    body, totals = lines[top + 1 : -len(whole.tables[0].totals)], lines[-len(whole.tables[0].totals) :]
    assert len(body) == whole.row_count
    code, amount = lines[top].index(said.column("currency_code")), lines[top].index(said.column("open_amount"))
    for total, (currency, expected) in zip(totals, sorted(_expected(sample_items()).items()), strict=True):
        assert currency in total[0]
        added = sum((Decimal(str(line[amount])) for line in body if line[code] == currency), Decimal(0))
        assert Decimal(str(total[amount])) == added == expected
    assert isinstance(body[0][amount], float) and 'formatCode="#,##0.00"' in _xml(file.content)
    assert isinstance(body[0][lines[top].index(said.column("due_date"))], dt.date)


def test_the_raw_workbook_has_typed_rows_and_nothing_else(whole: made.Made) -> None:
    content = export(whole, "xlsx-raw", Wording("es")).content
    heading, *body = _lines(content)
    assert heading == [each.name for each in whole.tables[0].shown]
    assert len(body) == whole.row_count
    amount, code = heading.index("open_amount"), heading.index("currency_code")
    added: dict[str, Decimal] = {}
    for row in body:
        added[row[code]] = added.get(row[code], Decimal(0)) + Decimal(str(row[amount]))
        assert isinstance(row[heading.index("is_disputed")], bool)
        assert isinstance(row[heading.index("days_past_due")], float)
    assert added == _expected(sample_items())
    about = {line[0]: line[1] for line in _lines(content, 1)}
    assert about[Wording("es")("said.rows")] == Wording("es").number(whole.row_count)


def test_csv_adds_up_and_every_row_has_both_clocks(whole: made.Made) -> None:
    said = Wording("en")
    rows = list(csv.DictReader(io.StringIO(export(whole, "csv", said).content.decode("utf-8-sig"))))
    body, totals = rows[: whole.row_count], rows[whole.row_count :]
    for total, (currency, expected) in zip(totals, sorted(_expected(sample_items()).items()), strict=True):
        added = sum((Decimal(row["Open"]) for row in body if row["Currency"] == currency), Decimal(0))
        assert total["Customer"].startswith(f"Total {currency}") and Decimal(total["Open"]) == added == expected
    assert {row["As of"] for row in rows} == {AS_OF.isoformat()} and all(row["Known at"] for row in rows)
    assert {row["Filters"] for row in rows} == {"Kind of item: Instalment"}


def test_pdf_states_the_same_and_is_the_same_twice(whole: made.Made) -> None:
    said = Wording("pt")
    file = export(whole, "pdf", said)
    assert file.content.startswith(b"%PDF") and file.content == export(whole, "pdf", said).content
    assert file.name == "cartera-open-by-customer-2026-06-30.pdf"


def test_no_amount_and_no_word_is_broken_on_paper(database: str) -> None:
    """Aging has eight columns of amounts: long ones fit no landscape page in letters of the usual size."""
    name = "Distribuidora Panamericana de Ferretería y Construcción S.A.C."
    large = [
        item(
            f"{days}", AS_OF - dt.timedelta(days=days), f"{1234567890 + days}", currency_code="COP", customer_name=name
        )
        for days in (-5, 5, 40, 70, 100, 200)
    ]
    publish_items(large)
    by_customer = made.make_whole("auditor_aging", READY["auditor_aging"])
    [row] = by_customer.tables[0].rows
    text = " ".join(
        PdfReader(io.BytesIO(export(by_customer, "pdf", Wording("es")).content)).pages[0].extract_text().split()
    )
    amounts = [f"{value:,.2f}" for value in row.values() if isinstance(value, Decimal) and value]
    assert len(amounts) == 8 and not [each for each in amounts if text.count(each) < 2], "in its row and in the total"
    assert name in text and "Moneda" in text


def test_more_rows_than_paper_holds_are_refused_not_cut(whole: made.Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "MOST_ROWS", 5)
    with pytest.raises(made.TooLarge, match="at most 5"):
        export(whole, "pdf", Wording("en"))
    monkeypatch.setattr(made, "EXPORTED_ROWS", 5)
    monkeypatch.setattr(made.make, "__kwdefaults__", {**(made.make.__kwdefaults__ or {}), "limit": 5})
    with pytest.raises(made.TooLarge):
        made.make_whole("x", BY_CUSTOMER)


def test_paper_has_the_totals_of_the_auditors_items_and_says_where_their_rows_are(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_items(sample_items())
    whole, said = made.make_whole("auditor_aging", READY["auditor_aging"]), Wording("es")
    by_customer, every_item = whole.tables
    monkeypatch.setattr(paper, "MOST_ROWS", by_customer.row_count)
    reader = PdfReader(io.BytesIO(export(whole, "pdf", said).content))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert said("said.not_on_paper") in text and "Concilia" in text
    assert f"Total PEN ({by_customer.totals['PEN']['rows']} filas)" in text
    documents = {str(row["document_number"]) for row in every_item.rows}
    assert documents and not [each for each in documents if each in text]
    monkeypatch.setattr(paper, "MOST_ROWS", by_customer.row_count - 1)
    with pytest.raises(made.TooLarge):
        export(whole, "pdf", said)
    with pytest.raises(made.TooLarge):
        schedule.add("local", "auditor_aging", "cfo@example.com", schedule.When((1,)), format="pdf")
    assert schedule.schedules("local") == []
    schedule.add("local", "auditor_aging", "cfo@example.com", schedule.When((1,)), format="xlsx")


def test_several_parts_are_several_sheets_and_files(database: str) -> None:
    publish_items(sample_items())
    whole = made.make_whole("auditor_aging", READY["auditor_aging"])
    said = Wording("es")
    assert _book(export(whole, "xlsx", said).content).sheet_names == [
        "Antigüedad por cliente",
        "Cada partida abierta",
        "Certificado de conciliación",
    ]
    file = export(whole, "csv", said)
    assert file.name == "cartera-antiguedad-de-saldos-para-el-auditor-2026-06-30.zip"
    names = zipfile.ZipFile(io.BytesIO(file.content)).namelist()
    assert names == [
        "01-antiguedad-por-cliente.csv",
        "02-cada-partida-abierta.csv",
        "03-certificado-de-conciliacion.csv",
    ]
    assert file.content == export(whole, "csv", said).content
    assert export(whole, "pdf", said).content.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("language", "scheme", "segment"),
    [("en", "Payer behaviour", "Slow"), ("es", "Comportamiento de pago", "Lento")],
)
def test_segments_are_named_in_the_readers_language(database: str, language: Any, scheme: str, segment: str) -> None:
    publish_items(sample_items())
    by_segment = Document(
        parts=(
            Part(
                mart="segments",
                dimensions=("scheme", "segment"),
                measures=("open_amount",),
                filters=(Filter(column="segment", among=("slow",)),),
            ),
        )
    )
    whole, said = made.make_whole("By segment", by_segment), Wording(language)
    asked = f"{said.column('segment')}: {segment}; {said.column('scheme')}: {scheme}"
    rows = list(csv.DictReader(io.StringIO(export(whole, "csv", said).content.decode("utf-8-sig"))))
    assert {row[said.column("segment")] for row in rows[: whole.row_count]} == {segment}
    assert {row[said("said.filters")] for row in rows} == {asked}
    lines = _lines(export(whole, "xlsx", said).content)
    assert [said("said.filters"), asked] in [line[:2] for line in lines]
    assert {line[1] for line in lines if line[0] == scheme} == {segment}
    assert {line[1] for line in _lines(export(whole, "xlsx-raw", said).content)[1:]} == {"slow"}


def test_the_certificate_as_csv_says_what_it_is_of_in_the_readers_words(database: str) -> None:
    publish_items(sample_items())
    whole, said = made.make_whole("auditor_aging", READY["auditor_aging"]), Wording("es")
    archive = zipfile.ZipFile(io.BytesIO(export(whole, "csv", said).content))
    rows = list(csv.DictReader(io.StringIO(archive.read(archive.namelist()[-1]).decode("utf-8-sig"))))
    assert whole.certificate is not None and len(rows) == len(whole.certificate.lines) > 0
    assert {row["Concilia"] for row in rows} == {"Sí"}
    assert {row["A la fecha"] for row in rows} == {AS_OF.isoformat()} and all(row["Corrida"] for row in rows)
    assert {row["Según lo conocido al"] for row in rows} == {whole.clocks.known_at.isoformat()}


def test_rows_that_are_not_added_up_are_counted(database: str) -> None:
    publish_items(sample_items())
    whole = made.make_whole("KPIs", Document(parts=(Part(mart="kpis", measures=("value",)),)))
    *rows, last = csv.reader(io.StringIO(export(whole, "csv", Wording("es")).content.decode("utf-8-sig")))
    assert len(rows) - 1 == whole.row_count > 0
    assert last[0] == f"Filas: {whole.row_count}" and len(last) == len(rows[0])


@pytest.mark.parametrize("format", ["xlsx", "xlsx-raw"])
def test_hostile_text_is_a_text_cell(database: str, format: Any) -> None:
    publish_items(
        [
            item(f"h{number}", AS_OF, "10", customer_id=f"files:H-{number}", customer_name=text, document_number=text)
            for number, text in enumerate(HOSTILE)
        ]
    )
    document = Document(parts=(Part(**BY_CUSTOMER.parts[0].model_dump() | {"title": "=1+1[x]:*?/\\'"}),))
    whole = made.make_whole("=cmd|'x'!A1", document)
    content = export(whole, format, Wording("en")).content
    xml = _xml(content)
    assert not any(mark in xml for mark in ("<f>", "<f ", "<hyperlink ", "relationships/hyperlink"))
    shown = {cell for line in _lines(content) for cell in line if isinstance(cell, str)}
    for text in HOSTILE:
        if text.strip() and not set(text) & {"\t", "\r", "\n"}:
            assert text in shown, text


def test_hostile_text_is_quoted_in_csv_and_harmless_on_paper(database: str) -> None:
    publish_items(
        [
            item(f"h{number}", AS_OF, "10", customer_id=f"files:H-{number}", customer_name=text, document_number=text)
            for number, text in enumerate(HOSTILE)
        ]
    )
    whole = made.make_whole("@x", BY_CUSTOMER)
    content = export(whole, "csv", Wording("en")).content.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(content, newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r", "\n"))]
    assert not [cell for cell in cells if cell.startswith("-") and not cell[1:].replace(".", "").isdigit()]
    assert "'=1+1" in cells
    assert export(whole, "pdf", Wording("en")).content.startswith(b"%PDF")


@pytest.mark.parametrize("language", LOCALES)
def test_a_total_of_one_row_is_of_one_row(database: str, language: Any) -> None:
    publish_items([item("one", AS_OF, "10"), item("two", AS_OF, "10", currency_code="USD", customer_id="files:C-2")])
    said = Wording(language)
    labels = [label for label, _code, _sums in frame.total_rows(made.make_whole("x", BY_CUSTOMER).tables[0], said)]
    assert labels and not [each for each in labels if each.endswith("s)")]


def test_kpis_stand_as_in_the_catalogue(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items(sample_items())
    catalogue = metrics.load_catalogue()
    for order in (catalogue.metrics, catalogue.metrics[::-1]):
        ordered = catalogue.model_copy(update={"metrics": order})
        monkeypatch.setattr(metrics, "load_catalogue", lambda ordered=ordered: ordered)
        (table,) = made.make_whole("KPIs", Document(parts=(Part(mart="kpis", measures=("value",)),))).tables
        whose = [(row["currency_code"], row["company_id"]) for row in table.rows]
        named = [row["kpi"] for row, of in zip(table.rows, whose, strict=True) if of == whose[0]]
        assert len(set(named)) > 1 and named == sorted(named, key=[metric.kpi for metric in order].index)


@pytest.mark.parametrize(
    ("language", "window"), [("en", "last 90 days"), ("es", "últimos 90 días"), ("pt", "últimos 90 dias")]
)
def test_every_file_says_of_which_days_a_kpi_is(database: str, language: Any, window: str) -> None:
    """In the row itself: a board reads a line of the PDF, not its heading; those of one day say no window."""
    publish_items(sample_items())
    document, said = Document(parts=READY["board_pack"].parts[:1]), Wording(language)
    whole = made.make_whole("board_pack", document, as_of=AS_OF)
    assert {row["kpi"] for row in whole.tables[0].rows} == {"dso_simple_90d", "past_due_pct"}
    rows = csv.DictReader(io.StringIO(export(whole, "csv", said).content.decode("utf-8-sig")))
    in_csv = {row[said.column("kpi")] for row in rows}
    in_xlsx = {cell for line in _lines(export(whole, "xlsx", said).content) for cell in line}
    pages = PdfReader(io.BytesIO(export(whole, "pdf", said).content)).pages
    on_paper = " ".join(" ".join(page.extract_text() for page in pages).split())
    dso = metrics.load_catalogue().find("dso_simple")
    late = metrics.load_catalogue().find("past_due_pct")
    assert dso and late
    assert f"{dso.label.of(language)} · {window}" in in_csv & in_xlsx
    assert on_paper.count(f"{dso.label.of(language)} · {window}") > 1, "among the filters and in its rows"
    assert late.label.of(language) in in_csv & in_xlsx


@pytest.mark.parametrize("language", LOCALES)
def test_what_a_workbook_says_is_as_wide_as_its_column(database: str, language: Any) -> None:
    """In Excel a text ends where the next cell has one: `Days sales outst`, `Ledger of the con`."""
    publish_items(sample_items())
    document = Document(parts=READY["board_pack"].parts[:1], with_certificate=True)
    content = export(made.make_whole("board_pack", document, as_of=AS_OF), "xlsx", Wording(language)).content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [archive.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2)]
    for number, xml in enumerate(sheets):
        widths: dict[int, float] = {}
        for first, last, width in re.findall(r'<col min="(\d+)" max="(\d+)" width="([\d.]+)"', xml):
            widths |= {column: float(width) for column in range(int(first), int(last) + 1)}
        lines = _lines(content, number)
        top = next(at for at, line in enumerate(lines) if line[0] == Wording(language).column("company_id"))
        for line in lines[top:]:
            for column, cell in enumerate(line, 1):
                assert not isinstance(cell, str) or len(cell) <= widths[column], (cell, widths)
        assert 'orientation="landscape"' in xml and 'fitToPage="1"' in xml


def test_a_report_of_nothing_says_so(database: str) -> None:
    publish_items(sample_items())
    nobody = BY_CUSTOMER.with_filters([Filter(column="customer_name", among=("nobody",))])
    whole = made.make_whole("Nothing", nobody)
    assert whole.row_count == 0 and whole.tables[0].totals == {}
    for format in ("xlsx", "xlsx-raw", "pdf"):
        assert export(whole, format, Wording("en")).content  # type: ignore[arg-type]
    assert "No row meets the filters" in export(whole, "csv", Wording("en")).content.decode("utf-8-sig")


def test_files_that_are_made_of_the_same_names_do_not_collide(database: str) -> None:
    publish_items(sample_items())
    part = BY_CUSTOMER.parts[0].model_copy(update={"title": "A very long title that two parts of a report both have"})
    whole = made.make_whole("x", Document(parts=(part, part, part)))
    names = _book(export(whole, "xlsx", Wording("en")).content).sheet_names
    assert len(set(names)) == 3 and all(len(name) <= 31 for name in names)
    assert names[0] == "A very long title that two…"
    assert frame.slug("Ñandú / ☂") == "nandu"


def test_every_text_is_in_every_language() -> None:
    assert texts("en").keys() == texts("es").keys() == texts("pt").keys()
    for language in LOCALES:
        assert all(text.strip() for text in texts(language).values())
    alike = {key for key, text in texts("es").items() if text == texts("en")[key]}
    assert alike <= {"value.no", "said.total", "column.sector"}


@pytest.mark.parametrize(
    ("value", "kind", "code", "expected"),
    [
        (Decimal("1234567.500000"), "money", "PEN", "1,234,567.50"),
        (Decimal("1234567.125"), "money", "PEN", "1,234,567.125"),
        (Decimal("1234567"), "money", "CLP", "1,234,567"),
        (Decimal("24.101749"), "figure", None, "24.10"),
        (12345, "number", None, "12,345"),
        (None, "money", "PEN", ""),
    ],
)
def test_money_is_never_rounded_and_quotients_are(value: Any, kind: str, code: str | None, expected: str) -> None:
    assert frame.written(value, kind, code, Wording("en")) == expected


def test_filters_are_said_in_words() -> None:
    part = Part(
        mart="payments",
        measures=("paid_amount",),
        filters=(
            Filter(column="received_date", period="last_7_days"),
            Filter(column="collector", among=("Ana", "")),
            Filter(column="paid_amount", at_least=Decimal("0.000001")),
        ),
    )
    assert Wording("es").filters(part, dt.date(2026, 6, 30)) == (
        "Recibido: últimos 7 días (desde 24 jun 2026 hasta 30 jun 2026); Gestor de cobranza: Ana, sin dato;"
        " Cobrado: mayor que 0"
    )
