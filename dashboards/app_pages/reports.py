"""Reports: built from a mart without SQL or chosen; narrowed, exported, saved, shared, sent by e-mail."""

from __future__ import annotations

import streamlit as st

from cartera.reports.store import Broken
from dashboards.components import filters
from dashboards.components.page import show
from dashboards.components.report_choice import choose_document, choose_report, own_date
from dashboards.components.report_kept import keep, mailing, say_broken
from dashboards.components.report_shown import export_buttons, show_parts
from dashboards.components.view import View
from dashboards.queries import reports


def page(view: View) -> None:
    with st.container(horizontal=True):
        saved = choose_report(view)
        if isinstance(saved, Broken):
            return say_broken(view, saved)
        clocks = filters.clocks(view, own_date(view, saved))
    st.caption(view.stamp(clocks))
    document = choose_document(view, saved, clocks)
    if document is None:
        return
    made = reports.preview(view.reading, saved.name if saved else view.words("reports.untitled"), document, clocks)
    show_parts(view, made)
    export_buttons(view, made, document, clocks)
    keep(view, saved, document)
    mailing(view, saved, clocks)


show(page, title="reports.title")
