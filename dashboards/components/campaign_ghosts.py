"""Campaigns: what the company's own test debtors lived through, message by message, and whether rules were kept."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import streamlit as st

from cartera.errors import ConfigError
from dashboards.components import filters
from dashboards.components.tables import Column, table
from dashboards.components.view import View, as_text
from dashboards.i18n import refusals, rules
from dashboards.queries import campaigns

GHOSTS = {
    "customer_id": Column("campaigns.col_ghost", is_pinned=True),
    "policy": Column("campaigns.col_policy"),
    "company": Column("column.company"),
    "language": Column("campaigns.col_language"),
    "country": Column("campaigns.col_country"),
    "enrolled_on": Column("campaigns.col_enrolled_on", "date"),
    "messages": Column("campaigns.col_messages", "number"),
    "is_removed": Column("campaigns.col_removed", "yes_no"),
}
LADDER = {
    "step": Column("campaigns.by_step", is_pinned=True),
    "tone": Column("campaigns.col_tone"),
    "due_on": Column("campaigns.col_due_on", "date"),
    "came_on": Column("campaigns.col_came_on", "date"),
    "channels": Column("campaigns.col_channel"),
    "outcome": Column("campaigns.col_state"),
}
TIMELINE = {
    "received": ("sent", "unknown", "delivered", "answered"),
    "to_come": ("planned", "approved", "reserved"),
    "not_received": ("skipped", "failed", "bounced"),
}
"""Of each heading the states of its contacts."""
RULES = {
    "is_kept": Column("column.result", "passed"),
    "rule": Column("campaigns.col_rule", width="large"),
    "saw": Column("campaigns.col_saw", width="medium"),
}


def ghosts_part(view: View) -> None:
    words, listed = view.words, campaigns.ghosts()
    st.caption(words("campaigns.ghosts_sub"))
    if listed.empty:
        st.info(words("campaigns.no_ghosts"), icon=":material/mystery:")
        return
    title = words("campaigns.part_ghosts")
    told = listed.assign(language=[words.named("campaigns.language", code) for code in listed["language"]])
    selection = table(view, told, GHOSTS, alt=title, key="ghosts", selects="single-cell")
    cells = [cell for cell in selection["cells"] if cell[0] < len(listed)]
    clicked = listed["customer_id"].iloc[cells[0][0]] if cells else None
    ids = {name: name.partition(":")[2] for name in listed["customer_id"]}
    chosen = filters.clickable(view, "ghost", ids, clicked, next(iter(ids)))
    report = campaigns.ghost(chosen)
    if isinstance(report, str):
        st.warning(as_text(report), icon=":material/block:")
        return
    _ladder(view, pd.DataFrame(list(report.ladder), columns=list(LADDER), dtype=object))
    _timeline(view, report.timeline)
    checked = [rule.is_kept for rule in report.rules if rule.is_kept is not None]
    st.subheader(words("campaigns.rules"), anchor=False)
    st.caption(
        words("campaigns.rules_sub", kept=sum(checked), count=len(checked))
        if checked
        else words("campaigns.rules_unchecked")
    )
    asked = pd.DataFrame(
        [
            [each.is_kept, rules.rule(words, each.rule), "—" if each.saw == "-" else rules.saw(words, each.saw)]
            for each in report.rules
        ],
        columns=list(RULES),
        dtype=object,
    )
    table(view, asked, RULES, alt=words("campaigns.rules"))


def _ladder(view: View, rows: pd.DataFrame) -> None:
    words = view.words
    st.subheader(words("campaigns.ladder"), anchor=False)
    data = rows.assign(
        step=[words.named("step", name) for name in rows["step"]],
        tone=[words(f"campaigns.tone.{tone}") for tone in rows["tone"]],
        channels=[_channels(view, named) for named in rows["channels"]],
        outcome=[words(f"campaigns.ladder_{outcome.replace(' ', '_')}") for outcome in rows["outcome"]],
    )
    table(view, data, LADDER, alt=words("campaigns.ladder"))


def _channels(view: View, named: str) -> str:
    return ", ".join(view.words(f"campaigns.channel.{channel}") for channel in named.split(", ") if channel)


def _timeline(view: View, timeline: tuple[dict[str, object], ...]) -> None:
    """What it received, what is to come and what never got there."""
    for heading, states in TIMELINE.items():
        found = [contact for contact in timeline if contact["status"] in states]
        if not found and heading != "received":
            continue
        st.subheader(view.words(f"campaigns.timeline_{heading}"), anchor=False)
        if not found:
            st.caption(view.words("campaigns.nothing_received"))
        _contacts(view, found)


def _contacts(view: View, contacts: list[dict[str, object]]) -> None:
    """Each with its moments; its text as it was handed over."""
    words = view.words
    for place, contact in enumerate(contacts):
        day, status = contact["contact_date"] or contact["planned_date"], words(f"campaigns.status.{contact['status']}")
        assert isinstance(day, dt.date)
        channel = words(f"campaigns.channel.{contact['channel']}")
        label = f"{words.date(day)} · {as_text(words.named('step', str(contact['step'])))} · {channel} · {status}"
        with st.expander(label, expanded=place == len(contacts) - 1):
            moments = [
                words(f"campaigns.{name}", moment=words.moment(moment))
                for name in ("planned_at", "sent_at", "delivered_at", "answered_at")
                if isinstance(moment := contact[name], dt.datetime)
            ]
            if isinstance(contact["time_to_answer"], dt.timedelta):
                hours = words.number(int(contact["time_to_answer"].total_seconds() // 3600))
                moments.append(words("campaigns.time_to_answer", hours=hours))
            st.caption(" · ".join(moments))
            if contact["subject"]:
                st.markdown(f"**{as_text(contact['subject'])}**")
            if contact["message"]:
                st.code(contact["message"], language=None, wrap_lines=True)
            elif contact["status"] in TIMELINE["to_come"]:
                _as_it_would_be(view, str(contact["contact_id"]))


def _as_it_would_be(view: View, contact_id: str) -> None:
    """What waits is read beforehand: as it would go out now."""
    words, shown = view.words, campaigns.sample(contact_id)
    if isinstance(shown, ConfigError):
        problem = as_text(refusals.told(words, shown))
        st.caption(words("campaigns.no_sample", problem=problem))
        return
    st.caption(words("campaigns.as_of_now"))
    st.code(shown.text, language=None, wrap_lines=True)
