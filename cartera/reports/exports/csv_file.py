"""A report as CSV: UTF-8 with a mark that Excel understands; a file per part, zipped where there are several."""

from __future__ import annotations

import csv
import io
import zipfile

from cartera.cells import harmless, safe_cell
from cartera.reports.build import Table
from cartera.reports.exports import frame
from cartera.reports.made import Made
from cartera.reports.wording import Wording


def part_csv(made: Made, table: Table, wording: Wording) -> bytes:
    """Every row says both clocks and the filters, so that a row alone is still a figure; then totals by currency, or
    how many rows there are where nothing is added up."""
    text = io.StringIO()
    writer = csv.writer(text)
    stated = [wording("said.as_of"), wording("said.known_at"), wording("said.filters")]
    stamp = [*_clocks(made), harmless(wording.filters(table.part, made.clocks.as_of))]
    writer.writerow([*map(harmless, frame.headings(table, wording)), *stated])
    for row in table.rows:
        code = row["currency_code"]
        cells = [
            safe_cell(
                wording.value(each.name, row[each.name]) if each.kind in ("text", "yes_no") else row[each.name], code
            )
            for each in table.shown
        ]
        writer.writerow([*cells, *stamp])
    totals, blanks = list(frame.total_rows(table, wording)), [""] * (len(table.columns) - 1)
    for label, code, sums in totals:
        cells = [safe_cell(sums[each.name], code) if each.adds else "" for each in table.measures]
        writer.writerow([label, *blanks, *cells, *stamp])
    if not totals:
        count = f"{wording('said.rows')}: {table.row_count}" if table.rows else wording("said.empty")
        writer.writerow([count, *blanks, *[""] * len(table.measures), *stamp])
    return text.getvalue().encode("utf-8-sig")


def zipped(made: Made, wording: Wording) -> bytes:
    """A file per part and one for the certificate; the same report is the same bytes."""
    content = io.BytesIO()
    files = [
        (f"{number:02d}-{frame.slug(frame.part_title(table, wording))}.csv", part_csv(made, table, wording))
        for number, table in enumerate(made.tables, 1)
    ]
    if made.certificate:
        files.append(
            (f"{len(files) + 1:02d}-{frame.slug(wording('said.certificate'))}.csv", _certificate(made, wording))
        )
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name, (made.clocks.as_of.year, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _certificate(made: Made, wording: Wording) -> bytes:
    assert made.certificate is not None
    text = io.StringIO()
    writer = csv.writer(text)
    stated = [wording("said.as_of"), wording("said.known_at"), wording("said.run")]
    writer.writerow([*(wording(f"certificate.{name}") for name in frame.CERTIFICATE), *stated])
    for line in made.certificate.lines:
        cells = [safe_cell(wording.value(name, line[name]), line["currency_code"]) for name in frame.CERTIFICATE]
        writer.writerow([*cells, *_clocks(made), made.certificate.run_id or wording("said.compared_now")])
    return text.getvalue().encode("utf-8-sig")


def _clocks(made: Made) -> list[str]:
    return [made.clocks.as_of.isoformat(), made.clocks.known_at.isoformat()]
