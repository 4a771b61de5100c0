"""Two people at once: what the others recorded beside what is in the form, and both ways out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from cartera.desk import Action
from dashboards.components.desk_fields import BETWEEN, Form
from dashboards.components.view import as_text
from dashboards.i18n import Words

SHOWN = (
    "amount",
    "currency_code",
    "promised_date",
    "parts",
    "reason",
    "kind",
    "until",
    "note",
    "is_cancelled",
    "resolution",
    "resolved_date",
    "released_by",
)


def conflict_panel(
    form: Form, theirs: Sequence[Action], *, again: Callable[[Form], None], drop: Callable[[Form], None]
) -> None:
    """Theirs stands recorded; ours can be recorded as well, or thrown away."""
    words, id = form.words, form.draft.action_id
    st.warning(words("desk.conflict"), icon=":material/group:")
    left, right = st.columns(2)
    with left.container(border=True):
        st.markdown(f"**{words('desk.theirs')}**")
        for action in theirs:
            st.markdown(as_text(f"{action.by} · {words.moment(action.at)} · {event_name(words, action.kind)}"))
            for name in SHOWN:
                before, after = (action.before or {}).get(name), action.after.get(name)
                if after not in (None, "", [], False) and before != after:
                    change = f"{_value(before)} → {_value(after)}" if before not in (None, "", []) else _value(after)
                    st.caption(as_text(f"{name.replace('_', ' ')}: {change}"))
    with right.container(border=True):
        st.markdown(f"**{words('desk.yours')}** · {words(f'desk.{form.name}')}")
        for field, value in form.fields().items():
            st.caption(f"{form.label(field)}: {as_text(value.replace(BETWEEN, ', '))}")
    with st.container(horizontal=True):
        st.button(
            words("desk.record_too"),
            key=f"again_{id}",
            icon=":material/library_add_check:",
            on_click=again,
            args=(form,),
        )
        st.button(words("desk.throw_away"), key=f"drop_{id}", icon=":material/delete:", on_click=drop, args=(form,))


def event_name(words: Words, kind: str) -> str:
    return words.named("event", kind).replace("_", " ")


def _value(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(
            f"{part.get('promised_date')} {part.get('amount')}" for part in value if isinstance(part, dict)
        )
    return str(value)
