"""Choosing several of what is offered, legible in light and dark: Streamlit's own list of tags is not (WCAG AA)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

from dashboards.components.view import as_text

T = TypeVar("T")
TYPED = "_typed"


def toggled(
    label: str, offered: Sequence[T], named: Callable[[T], str], key: str, default: Sequence[T] = ()
) -> list[T]:
    """For few: all of them are in sight, and a click takes one in or out. In the order chosen."""
    st.session_state.setdefault(key, list(default))
    return st.pills(label, offered, selection_mode="multi", format_func=lambda each: as_text(named(each)), key=key)


def added(
    label: str,
    offered: Sequence[T],
    named: Callable[[T], str],
    key: str,
    placeholder: str,
    default: Sequence[T] = (),
    *,
    typing: str = "",
) -> list[T]:
    """For many: one after the other from a list to search in; a click on one that was chosen takes it out.

    `typing` is said below the list where others may be typed as well; they are not chosen yet, see `typed_in`.
    """
    st.session_state.setdefault(key, list(default))
    chosen: list[T] = st.session_state[key]
    adding = f"{key}_add"

    def add() -> None:
        picked = st.session_state[adding]
        if picked in offered:
            st.session_state[key] = [*(each for each in st.session_state.get(key, []) if each != picked), picked]
        elif picked is not None:
            st.session_state[f"{key}{TYPED}"] = str(picked).strip()
        st.session_state[adding] = None

    with st.container(gap="xsmall", width=300):
        rest = [each for each in offered if each not in chosen]
        st.selectbox(
            label, rest, index=None, format_func=lambda each: named(each) if each in offered else str(each), key=adding,
            on_change=add, placeholder=placeholder, accept_new_options=bool(typing),
        )  # fmt: skip
        if typing:
            st.caption(typing)
        if not chosen:
            return []
        return st.pills(
            label, chosen, selection_mode="multi", format_func=lambda each: f"{as_text(named(each))} ✕",
            key=key, label_visibility="collapsed",
        )  # fmt: skip


def typed_in(key: str) -> list[str]:
    """What was typed into `added` just now and is still to be looked up."""
    typed = st.session_state.get(f"{key}{TYPED}")
    return [typed] if typed else []


def forget_typed(key: str) -> None:
    """Once it was looked up."""
    st.session_state.pop(f"{key}{TYPED}", None)
