"""What a click does is done once, and told.

A click runs the script anew, its callback first, and the script that ran before ends where it next meets Streamlit.
`runner.fastReruns` is off, so that it is one thread after the other: a second click waits until the first one's work is
done, and its page is drawn of what is there then. The rest is done here: a callback takes its dict before it acts, and
what it writes there afterwards nothing can cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import streamlit as st

from dashboards.components import states
from dashboards.i18n import Words

ANSWERS, DONE = "click_answers", "click_done"
T = TypeVar("T")


def answers() -> dict[str, Any]:
    """What clicks of this session did, by subject, until a page tells it. Taken before acting, written after."""
    kept: dict[str, Any] = st.session_state.setdefault(ANSWERS, {})
    return kept


def _as_text(_error: Exception, text: str) -> object:
    return text


@contextmanager
def clicked(
    words: Words, subject: str, refused: Callable[[Exception, str], object] = _as_text
) -> Iterator[dict[str, Any]]:
    """Around what a callback does: gives the answers to write into, and writes there itself why nothing was done.

    `refused` makes the answer of an error and of its text in plain words.
    """
    told = answers()

    def tell(error: Exception, text: str) -> None:
        told[subject] = refused(error, text)

    with states.clicked(words, tell):
        yield told


def once(form: Hashable, act: Callable[[], T]) -> T:
    """`act`, unless this very form was sent before: then what it gave. What raised may be sent again."""
    done: dict[Hashable, T] = st.session_state.setdefault(DONE, {})
    if form not in done:
        done[form] = act()
    return done[form]
