"""The tables of the data health page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from cartera.warehouse.read import Row
from dashboards.components.certificate_rows import certificate_rows
from dashboards.components.tables import Column, foremost, table
from dashboards.components.view import View, as_text
from dashboards.i18n import checks as check_words
from dashboards.i18n import log
from dashboards.queries import docs
from dashboards.queries.session import Clocks

RUNS = {
    "started_at": Column("column.started", "moment"),
    "status": Column("column.status", "status"),
    "as_of_date": Column("column.as_of", "date"),
    "triggered_by": Column("column.by"),
    "message": Column("column.message", width="large"),
}
STEPS = {
    "step": Column("column.step", width=160, is_pinned=True),
    "status": Column("column.status", "status", width=120),
    "rows_in": Column("column.rows_in", "number"),
    "rows_out": Column("column.rows_out", "number"),
    "rows_quarantined": Column("column.quarantined", "number"),
    "seconds": Column("column.seconds", "seconds"),
    "message": Column("column.message", width="large"),
}
CHECKS = {
    "passed": Column("column.result", "passed"),
    "severity": Column("column.severity", "status"),
    "gate_name": Column("column.gate"),
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


def runs_table(view: View, runs: pd.DataFrame, failed: Mapping[str, Sequence[Row]]) -> Any:
    """The last runs; returns the row of the one to look into, at first the newest."""
    st.subheader(view.words("health.runs"), anchor=False)
    st.caption(view.words("health.runs_sub"))
    of_runs = [failed[run_id] for run_id in runs["run_id"]]
    data = runs.assign(message=worded(view, runs["message"], of_runs))
    # another table after the next run: the place that was clicked would be another's
    key = f"runs_{runs['run_id'].iloc[0]}"
    selection = table(view, data, RUNS, alt=view.words("health.runs"), key=key, selects="single-cell")
    chosen = selection["cells"][0][0] if selection["cells"] else 0
    return runs.iloc[chosen if chosen < len(runs) else 0]


def steps_table(view: View, run: Any, steps: pd.DataFrame, failed: Sequence[Row]) -> list[tuple[int, str]]:
    """Returns the cell that was clicked."""
    title = view.words("health.steps", moment=view.words.moment(run["started_at"]))
    st.subheader(title, anchor=False)
    seconds = [None if value is None else round(value, 2) for value in steps["seconds"]]
    data = steps.assign(
        seconds=pd.Series(seconds, steps.index, dtype=object),
        step=[log.step(view.words, name) for name in steps["step"]],
        message=worded(view, steps["message"], [failed] * len(steps)),
    )
    st.caption(f":material/touch_app: {view.words('health.steps_click')}")
    columns = foremost(view, STEPS, "step", "rows_in", "rows_quarantined", "status")
    selection = table(view, data, columns, alt=title, key=f"steps_{run['run_id']}", selects="single-cell")
    _amounts_table(view, data)
    return list(selection["cells"])


def _amounts_table(view: View, steps: pd.DataFrame) -> None:
    """A column for each currency: of many of them the figures are whole, and never beside each other as a sum."""
    words, found = view.words, steps[steps["amounts"].map(bool)]
    if found.empty:
        return
    codes = sorted({code for amounts in found["amounts"] for code in amounts}, key=lambda code: (code == "*", code))
    rows = [
        {"step": row["step"]} | dict.fromkeys(codes) | {code: Decimal(text) for code, text in row["amounts"].items()}
        for row in found.to_dict("records")
    ]
    columns = {"step": STEPS["step"]} | {
        code: Column(words("health.control_sum") if code == "*" else code, "money", is_plain=True) for code in codes
    }
    st.caption(words("health.amounts_sub") + (" " + words("health.control_sum_sub") if "*" in codes else ""))
    table(view, pd.DataFrame(rows, dtype=object), columns, alt=words("column.amounts"))


def worded(view: View, messages: Iterable[str], failed: Iterable[Sequence[Row]]) -> list[str]:
    """The messages in the reader's language where they are set phrases, else as the log has them, which is said.

    `failed`: the checks that each of them may speak of.
    """
    logged = list(messages)
    said = [log.message(view.words, text, checks) for text, checks in zip(logged, failed, strict=True)]
    return _or_as_logged(view, said, logged)


def _or_as_logged(view: View, said: Sequence[str | None], logged: Sequence[str]) -> list[str]:
    note = log.note(view.words)
    if note and None in said:
        st.caption(note)
    return [as_it_is if text is None else text for text, as_it_is in zip(said, logged, strict=True)]


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
    shown = checks.head(failed) if only_failed else checks
    said = [check_words.message(words, row) for row in shown.to_dict("records")]  # type: ignore[arg-type]
    shown = shown.assign(
        gate_name=[words.named("log.gate", gate) for gate in shown["gate"]],
        message=_or_as_logged(view, said, list(shown["message"])),
    )
    # what failed is read to its end; all of them are looked through
    columns = CHECKS | {"message": replace(CHECKS["message"], lines=6)} if only_failed else CHECKS
    if view.is_phone:
        # what is wrong stands beside the outcome
        columns = {name: columns[name] for name in ("passed", "message", *CHECKS)}
        columns["message"] = replace(columns["message"], width=250, lines=8)
    table(view, shown, columns, alt=words("health.checks"))


def certificate_table(view: View, certificate: pd.DataFrame, clocks: Clocks | None = None) -> None:
    """With the clocks of what is published a line leads to its rows; what an earlier run knew is served no more."""
    words = view.words
    st.subheader(words("health.certificate"), anchor=False)
    st.caption(words("health.certificate_sub" if len(certificate) else "health.no_certificate"))
    if not len(certificate):
        return
    columns = foremost(view, CERTIFICATE, "company_id", "currency_code", "is_tied", "open_items_amount")
    if clocks is None:
        table(view, certificate, columns, alt=words("health.certificate"))
        return
    st.caption(f":material/touch_app: {words('health.certificate_click')}")
    key = f"certificate_{clocks.as_of}_{clocks.known_at}"
    chosen = table(view, certificate, columns, alt=words("health.certificate"), key=key, selects="single-cell")
    certificate_rows(view, clocks, certificate, chosen["cells"], key)
