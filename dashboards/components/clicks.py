"""What a click does is done once, and told.

A click runs the script anew, its callback first, and the script that ran before ends where it next meets Streamlit.
`runner.fastReruns` is off, so that it is one thread after the other: a second click waits until the first one's work is
done, and its page is drawn of what is there then. The rest is done here: a callback takes its dict before it acts, and
what it writes there afterwards nothing can cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st

ANSWERS, DONE = "click_answers", "click_done"
T = TypeVar("T")


def answers() -> dict[str, Any]:
    """What clicks of this session did, by subject, until a page tells it. Taken before acting, written after."""
    kept: dict[str, Any] = st.session_state.setdefault(ANSWERS, {})
    return kept


def once(form: Hashable, act: Callable[[], T]) -> T:
    """`act`, unless this very form was sent before: then what it gave. What raised may be sent again."""
    done: dict[Hashable, T] = st.session_state.setdefault(DONE, {})
    if form not in done:
        done[form] = act()
    return done[form]
