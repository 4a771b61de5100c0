"""The tables of the data health page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.components.tables import Column, table
from dashboards.components.view import View, as_text
from dashboards.queries import docs

RUNS = {
    "started_at": Column("column.started", "moment"),
    "status": Column("column.status", "status"),
    "as_of_date": Column("column.as_of", "date"),
    "triggered_by": Column("column.by"),
    "message": Column("column.message", width="large"),
}
STEPS = {
    "step": Column("column.step", width=170),
    "status": Column("column.status", "status"),
    "rows_in": Column("column.rows_in", "number"),
    "rows_out": Column("column.rows_out", "number"),
    "rows_quarantined": Column("column.quarantined", "number"),
    "seconds": Column("column.seconds", "seconds"),
    "message": Column("column.message"),
    "amounts": Column("column.amounts", "amounts", width=300),
}
CHECKS = {
    "passed": Column("column.result", "passed"),
    "severity": Column("column.severity", "status"),
    "gate": Column("column.gate"),
    "subject": Column("column.subject", width=120),
    "check_name": Column("column.check", width=150),
    "message": Column("column.message", width=400),
}
CERTIFICATE = {
    "company_id": Column("column.company"),
    "currency_code": Column("column.currency"),
    "buckets_amount": Column("column.buckets", "money"),
    "open_items_amount": Column("column.open_items", "money"),
    "unapplied_amount": Column("column.unapplied", "money"),
    "ledger_amount": Column("column.ledger", "money"),
    "source_control_amount": Column("column.source_control", "money"),
    "is_tied": Column("column.tied", "yes_no"),
}
LOADS = {
    "source": Column("column.source"),
    "entity": Column("column.entity"),
    "recorded_at": Column("column.landed", "moment"),
    "rows_in": Column("column.rows_in", "number"),
    "rows_loaded": Column("column.loaded", "number"),
    "rows_quarantined": Column("column.quarantined", "number"),
    "rows_new": Column("column.new", "number"),
    "rows_changed": Column("column.changed", "number"),
    "rows_deleted": Column("column.deleted", "number"),
}


def docs_links(view: View) -> None:
    """Links to the newest Data Docs of each suite, which dashboards/server.py serves beside the pages."""
    pages = docs.newest_pages()
    if not pages:
        st.caption(view.words("health.no_docs"))
        return
    st.subheader(view.words("health.docs"), anchor=False)
    st.caption(view.words("health.docs_help"))
    with st.container(horizontal=True):
        for page in pages:
            st.link_button(as_text(page.suite), page.url, icon=":material/fact_check:")


def runs_table(view: View, runs: pd.DataFrame) -> Any:
    """The last runs; returns the row of the one to look into, at first the newest."""
    st.subheader(view.words("health.runs"), anchor=False)
    st.caption(view.words("health.runs_sub"))
    selection = table(view, runs, RUNS, alt=view.words("health.runs"), key="runs", selects="single-cell")
    chosen = selection["cells"][0][0] if selection["cells"] else 0
    return runs.iloc[chosen if chosen < len(runs) else 0]


def steps_table(view: View, run: Any, steps: pd.DataFrame) -> None:
    title = view.words("health.steps", moment=view.words.moment(run["started_at"]))
    st.subheader(title, anchor=False)
    seconds = [None if value is None else round(value, 2) for value in steps["seconds"]]
    table(view, steps.assign(seconds=pd.Series(seconds, steps.index, dtype=object)), STEPS, alt=title)


def checks_table(view: View, checks: pd.DataFrame) -> None:
    """Failed checks first; only these when asked."""
    words, failed = view.words, int((~checks["passed"].astype(bool)).sum())
    st.subheader(words("health.checks"), anchor=False)
    if checks.empty:
        st.caption(words("health.no_checks"))
        return
    outcome = "health.checks_sub" if failed else "health.checks_ok"
    st.caption(words.counted(outcome, len(checks), failed=words.number(failed)))
    only_failed = failed and st.toggle(words("health.only_failed"), value=True, key="only_failed")
    # what failed is read to its end; all of them are looked through
    columns = CHECKS | {"message": replace(CHECKS["message"], lines=6)} if only_failed else CHECKS
    table(view, checks.head(failed) if only_failed else checks, columns, alt=words("health.checks"))


def certificate_table(view: View, certificate: pd.DataFrame) -> None:
    words = view.words
    st.subheader(words("health.certificate"), anchor=False)
    st.caption(words("health.certificate_sub" if len(certificate) else "health.no_certificate"))
    if len(certificate):
        table(view, certificate, CERTIFICATE, alt=words("health.certificate"))


def loads_table(view: View, loads: pd.DataFrame) -> None:
    if loads.empty:
        return
    st.subheader(view.words("health.loads"), anchor=False)
    st.caption(view.words("health.loads_sub"))
    table(view, loads, LOADS, alt=view.words("health.loads"))
