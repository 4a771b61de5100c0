"""A line of words for something at the desk that is about to be ended: kept while it is typed, as a form's draft is."""

from __future__ import annotations

import uuid

import streamlit as st

from cartera.desk import Actor, drafts
from dashboards.components.clicks import clicked
from dashboards.components.desk_fields import PAUSE
from dashboards.i18n import Words

LONGEST = 500


def line(words: Words, label: str, actor: Actor, customer_id: str, thing: str, refused: str) -> None:
    """`thing`: what is ended, with its version; `refused`: the subject of what is told where it can't be kept."""
    key = _key(thing)
    if key not in st.session_state:
        kept = drafts.found(actor, customer_id, _form(thing))
        st.session_state[key] = kept.fields.get("words", "") if kept else ""
    st.text_input(words(label), key=key, max_chars=LONGEST, live=PAUSE, on_change=_keep,
                  args=(actor, customer_id, thing, refused))  # fmt: skip


def typed(thing: str) -> str:
    return str(st.session_state.get(_key(thing)) or "")


def drop(actor: Actor, customer_id: str, thing: str) -> None:
    """It is ended, with these words."""
    drafts.drop(actor, customer_id, _form(thing), action_id(actor, thing))


def action_id(actor: Actor, thing: str) -> str:
    """Made of the person and the version: two clicks are one."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{actor.user}/{thing}"))


def _keep(actor: Actor, customer_id: str, thing: str, refused: str) -> None:
    with clicked(refused):
        draft = drafts.Draft(action_id(actor, thing), 0, {})
        drafts.keep(actor, customer_id, _form(thing), draft, {"words": typed(thing)})


def _key(thing: str) -> str:
    return f"words_{thing}"


def _form(thing: str) -> str:
    return f"end {thing}"
