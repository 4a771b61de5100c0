"""Two people at once: what the others recorded beside what is in the form, and both ways out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import streamlit as st

from cartera.desk import Action
from dashboards.components.desk_fields import BESIDE, Form, every
from dashboards.components.view import as_text
from dashboards.i18n import Words
from dashboards.queries.desk import value_of

SHOWN = {
    "amount": "amount", "promised_date": "date", "parts": "parts", "reason": "reason", "kind": "kind",
    "until": "until", "shortfall": "shortfall", "note": "note", "resolution": "resolution",
    "said": "said", "channel": "channel", "address": "to", "statement": "statement",
}  # fmt: skip
"""What is told of an action, by the field of the form that asks for it."""


def conflict_panel(
    form: Form,
    theirs: Sequence[Action],
    version: int,
    *,
    again: Callable[[Form, int], None],
    drop: Callable[[Form], None],
) -> None:
    """Theirs stands recorded, up to this version; ours can be recorded as well, or thrown away."""
    words, id = form.words, form.draft.action_id
    mine = all(action.by == form.actor.user for action in theirs)
    st.warning(words("desk.conflict_mine" if mine else "desk.conflict"), icon=":material/group:")
    left, right = st.columns(2)
    with left.container(border=True):
        st.markdown(f"**{words('desk.theirs')}**")
        for action in theirs:
            st.markdown(as_text(f"{action.by} · {words.moment(action.at)} · {event_name(words, action.kind)}"))
            for name, field in SHOWN.items():
                before, after = (value_of(words, each, name) for each in (action.before or {}, action.after))
                if after and before != after:
                    change = f"{before} → {after}" if before else after
                    st.caption(as_text(f"{words(f'desk.field_{field}')}: {change}"))
    with right.container(border=True):
        st.markdown(f"**{words('desk.yours')}** · {words(f'desk.{form.name}')}")
        mine_now = {field: value for field, value in form.fields().items() if field not in BESIDE}
        for field, value in sorted(mine_now.items(), key=lambda each: each[0] == "note"):
            st.caption(as_text(f"{form.label(field)}: {_mine(form, field, value)}"))
    with st.container(horizontal=True):
        st.button(
            words("desk.record_too"),
            key=f"again_{id}_{version}",
            icon=":material/library_add_check:",
            on_click=again,
            args=(form, version),
        )
        st.button(words("desk.throw_away"), key=f"drop_{id}", icon=":material/delete:", on_click=drop, args=(form,))


def event_name(words: Words, kind: str) -> str:
    return words.named("event", kind).replace("_", " ")


def _mine(form: Form, field: str, value: str) -> str:
    """What is in a field, as the form shows it."""
    words = form.words
    if field in ("date", "until"):
        return words.date(dt.date.fromisoformat(value))
    if field == "kind":
        return words(f"hold.{value}")
    if field == "channel":
        return words(f"channel.{value}")
    if field == "said":
        return words(f"desk.says.{value}")
    if field == "every":
        return every(words, value)
    if field == "items":
        return ", ".join(form.documents(form.given_items()))
    return value.replace("/", " · ") if field == "where" else value
