"""A report on the page: what each part states, its rows, its totals by currency, and the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import streamlit as st

from cartera.reports.build import Table
from cartera.reports.document import Document
from cartera.reports.exports import FORMATS, XLSX, frame
from cartera.reports.exports.paper import MOST_ROWS, rows_on_paper
from cartera.reports.made import EXPORTED_ROWS, Made
from dashboards.components import report_rows
from dashboards.components.certificate_rows import certificate_rows
from dashboards.components.export import file_button, logged
from dashboards.components.tables import CUSTOMER, Column, table
from dashboards.components.view import View, as_text
from dashboards.queries import reports
from dashboards.queries.receivables import frame as as_frame
from dashboards.queries.session import Clocks

ICONS = {"xlsx": "table_view", "xlsx-raw": "grid_on", "csv": "download", "pdf": "picture_as_pdf"}
MEDIA = {"xlsx": XLSX, "xlsx-raw": XLSX, "csv": "text/csv", "pdf": "application/pdf"}


def show_parts(view: View, made: Made) -> None:
    """One part, or a tab for each of several."""
    said = reports.wording(view.words)
    titles = [frame.part_title(each, said) for each in made.tables]
    if made.certificate:
        titles.append(said("said.certificate"))
    if len(titles) == 1:
        return _part(view, made, made.tables[0], 0)
    for number, tab in enumerate(st.tabs([as_text(title) for title in titles])):
        with tab:
            if number < len(made.tables):
                _part(view, made, made.tables[number], number)
            else:
                _certificate(view, made)


def _part(view: View, made: Made, part: Table, number: int) -> None:
    words, said = view.words, reports.wording(view.words)
    title = frame.part_title(part, said)
    told = frame.about_part(made, part, said)[: 2 if part.rows else 3]
    st.markdown("  \n".join(f"**{as_text(label)}** · {as_text(text)}" for label, text in told))
    if not part.rows:
        return
    if part.is_capped:
        shown = words.number(len(part.rows))
        st.caption(words("reports.capped", shown=shown, rows=words.number(part.row_count)))
    report_rows.hint(view, part)
    # in sight also when the others scroll
    shown_columns = sorted(part.shown, key=lambda each: each.name != "customer_name")
    columns = {
        each.name: Column(said.column(each.name), report_rows.KINDS.get(each.kind, "text"), is_plain=True)
        for each in shown_columns
    }
    if shown_columns[0].name == "customer_name":
        columns["customer_name"] = replace(columns["customer_name"], width=CUSTOMER.width, is_pinned=True)
    rows = [
        {
            each.name: said.value(each.name, row[each.name]) if each.kind in ("text", "yes_no") else row[each.name]
            for each in shown_columns
        }
        for row in part.rows
    ]
    for row in rows:
        for each in shown_columns:
            if each.kind == "figure":
                row[each.name] = frame.written(row[each.name], each.kind, None, said)
    key = report_rows.table_key(made, part, "rows", number)
    selection = table(view, as_frame(rows, list(columns)), columns, alt=title, key=key, selects="single-cell")
    report_rows.of_row(view, made, part, selection["cells"], key)
    _totals(view, made, part, columns, number)


def _totals(view: View, made: Made, part: Table, columns: Mapping[str, Column], number: int) -> None:
    """By currency; of all rows, also of those that are not listed."""
    said = reports.wording(view.words)
    totals = [{"total": label, **sums} for label, _code, sums in frame.total_rows(part, said)]
    if not totals:
        st.caption(said("said.no_total"))
        return
    shown = {"total": Column(said("said.total"), width=130, is_plain=True)}
    shown |= {each.name: columns[each.name] for each in part.measures if each.adds}
    key, data = report_rows.table_key(made, part, "totals", number), as_frame(totals, list(shown))
    selection = table(view, data, shown, alt=view.words("reports.totals"), key=key, selects="single-cell")
    report_rows.of_total(view, made, part, selection["cells"], key)


def _certificate(view: View, made: Made) -> None:
    assert made.certificate is not None
    said = reports.wording(view.words)
    st.caption(as_text(said("said.certificate_about")))
    names = frame.CERTIFICATE
    columns = {
        name: Column(
            said(f"certificate.{name}"),
            "passed" if name == "is_tied" else "money" if name.endswith("_amount") else "text",
            is_plain=True,
        )
        for name in names
    }
    rows = as_frame(list(made.certificate.lines), names)
    st.caption(f":material/touch_app: {view.words('health.certificate_click')}")
    clocks = Clocks(made.clocks.as_of, made.clocks.known_at)
    key = f"report_certificate_{clocks.as_of}_{clocks.known_at}"
    chosen = table(view, rows, columns, alt=said("said.certificate"), key=key, selects="single-cell")
    certificate_rows(view, clocks, rows, chosen["cells"], key)


def export_buttons(view: View, made: Made, document: Document, clocks: Clocks) -> None:
    """A button per kind of file; the file is made when it is clicked, with every row."""
    words, said = view.words, reports.wording(view.words)
    about, more = words("reports.file_help"), frame.in_the_log(made)
    with st.container(horizontal=True):
        for format in FORMATS:
            most, rows = (MOST_ROWS, rows_on_paper(made)) if format == "pdf" else (EXPORTED_ROWS, made.row_count)
            is_zip = format == "csv" and (len(made.tables) > 1 or made.certificate is not None)
            ending = "zip" if is_zip else format.removesuffix("-raw")
            too_many = rows > most
            file_name = frame.file_name(made, said, ending, is_raw=format == "xlsx-raw")
            kind = "application/zip" if is_zip else MEDIA[format]
            content = partial(reports.file, words, made.name, document, clocks, format)
            file_button(
                view,
                file_label(view, format),
                logged(content, file_name, clocks, more=more),
                file_name=file_name,
                mime=kind,
                key=f"report_file_{format}",
                icon=f":material/{ICONS[format]}:",
                is_disabled=too_many,
                help_text=words("reports.too_many", most=words.number(most)) if too_many else about,
            )


def file_label(view: View, format: str) -> str:
    labels = {
        "xlsx": "reports.file_xlsx",
        "xlsx-raw": "reports.file_raw",
        "csv": "reports.file_csv",
        "pdf": "reports.file_pdf",
    }
    return view.words(labels[format])
