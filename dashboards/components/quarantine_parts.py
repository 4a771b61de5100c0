"""What waits in quarantine: counted by group, its rows as they were delivered, an export."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.components import filters, states
from dashboards.components.actor import current_actor
from dashboards.components.export import CSV, audit_rows, file_button, logged
from dashboards.components.replay import replay_buttons, say_what_was_replayed, turn
from dashboards.components.tables import Column, foremost, table
from dashboards.components.view import View, as_text
from dashboards.queries import quarantine
from dashboards.queries.quarantine import Group
from dashboards.queries.session import Clocks

GROUPS = {
    "source": Column("column.source", width=90, is_pinned=True),
    "records": Column("quarantine.rows", "number"),
    "age": Column("health.age", width=110),
    "reason": Column("quarantine.reason", width=240),
    "entity": Column("column.entity", width=110),
    "amounts": Column("column.amounts", "amounts", width=230),
}
RECORDS = {
    "place": Column("quarantine.place", width=130, is_pinned=True),
    "delivered": Column("quarantine.delivered", width=330, lines=5),
    "message": Column("quarantine.why", width=280, lines=5),
    "amount_text": Column("quarantine.amount", "figure"),
    "record_key": Column("quarantine.key", width=110),
    "quarantined_at": Column("quarantine.at", "moment"),
    "run_at": Column("quarantine.run", "moment"),
}


def quarantine_part(view: View, clocks: Clocks) -> pd.DataFrame | None:
    """The groups that wait, None where they could not be read: what fails here leaves the rest of the page."""
    st.subheader(view.words("quarantine.title"), anchor=False)
    say_what_was_replayed(view)
    groups = None
    with states.plainly(view.words):
        groups = quarantine.groups()
        _groups(view, groups, clocks)
    return groups


def _groups(view: View, groups: pd.DataFrame, clocks: Clocks) -> None:
    words = view.words
    if groups.empty:
        st.caption(f":material/check_circle: {words('quarantine.none')}")
        return
    count = sum(groups["records"])
    st.caption(words.counted("quarantine.waiting", count, groups=words.number(len(groups))))
    reasons = [words.named("quarantine.reason", reason) for reason in groups["reason_code"]]
    names = [
        quarantine.subject(Group(row["source"], row["entity"], row["reason_code"])) for row in groups.to_dict("records")
    ]
    # tables of connected systems go by their own names, which people there know
    tables = [words.named("entity", name) for name in groups["entity"]]
    data = groups.assign(reason=reasons, entity=tables, age=[words.ago(moment) for moment in groups["first_at"]])
    columns = foremost(view, GROUPS, "reason", "records", "age")
    if view.is_phone:
        columns["source"] = replace(columns["source"], is_pinned=False)
        columns["reason"] = replace(columns["reason"], width=185, is_cut=True)
    selection = table(
        view, data, columns, alt=words("quarantine.title"), key=f"quarantine_groups_{count}", selects="single-cell"
    )
    cells = [cell for cell in selection["cells"] if cell[0] < len(groups)]
    offered = {"": words("quarantine.none_chosen")} | {
        name: f"{row['source']} · {row['entity']} · {row['reason']}"
        for name, row in zip(names, data.to_dict("records"), strict=True)
    }
    chosen = filters.clickable(view, "quarantine", offered, names[cells[0][0]] if cells else None)
    if chosen:
        row = groups.iloc[names.index(chosen)]
        _records(view, Group(row["source"], row["entity"], row["reason_code"]), offered[chosen], row["records"], clocks)


def _records(view: View, group: Group, name: str, count: int, clocks: Clocks) -> None:
    """The rows behind one count, written into the log of views before they are shown."""
    words, subject = view.words, quarantine.subject(group)
    found = quarantine.records(view.reading, group)
    audit_rows(current_actor(), subject, list(found["quarantine_id"]))
    with st.container(border=True):
        st.subheader(as_text(name), anchor=False)
        if len(found) < count:
            st.caption(words("quarantine.capped", shown=words.number(len(found)), count=words.number(count)))
        else:
            st.caption(words.counted("quarantine.all_shown", len(found)))
        is_repeat = group.reason_code == "duplicate_key"
        st.caption(words("quarantine.mend_duplicate_key" if is_repeat else "quarantine.mend"))
        data = found.assign(
            place=[f"{row['file']}:{row['row_number']}" for row in found.to_dict("records")],
            delivered=[" ".join(text.split()) for text in found["delivered"]],
            amount_text=[_amount(view, row) for row in found.to_dict("records")],
        )
        # another table after each replay: the place that was clicked in the one before may be another row's now
        key = f"quarantine_{subject}_{count}_{turn()}"
        selection = table(view, data, RECORDS, alt=words("quarantine.rows_of"), key=key, selects="single-cell")
        cells = [cell for cell in selection["cells"] if cell[0] < len(found)]
        with st.container(horizontal=True):
            replay_buttons(view, group, count, data.iloc[cells[0][0]] if cells else None)
            file_name = f"cartera-quarantine-{group.source}-{group.entity}-{clocks.as_of.isoformat()}.csv"
            file_button(
                view,
                words("export.csv"),
                logged(lambda: quarantine.records_csv(words, group), file_name, clocks, of=subject),
                file_name=file_name,
                mime=CSV,
                key=f"export_quarantine_{subject}",
                icon=":material/download:",
                help_text=words("quarantine.export_help"),
            )


def _amount(view: View, row: dict[Any, Any]) -> str:
    if row["amount"] is None:
        return ""
    return f"{row['currency_code'] or ''} {view.words.decimal(row['amount'])}".strip()
