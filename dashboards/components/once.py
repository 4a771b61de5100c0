"""One form does one thing, whatever is clicked twice."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

import streamlit as st

DONE = "done_once"
T = TypeVar("T")


def once(form: Hashable, act: Callable[[], T]) -> T:
    """What `act` gave when this form was first sent. `act` uses nothing of Streamlit's.

    Streamlit runs a second click in a thread of its own while the first is still at work (`runner.fastReruns`), and
    draws the page of the second alone: so the second waits for the first, and has its answer to tell. Raises what
    `act` raised, to both; the form may then be sent again.
    """
    done: dict[Hashable, Future[Any]] = st.session_state.setdefault(DONE, {})
    mine: Future[T] = Future()
    first = done.setdefault(form, mine)
    if first is not mine:
        answer: T = first.result()
        return answer
    try:
        mine.set_result(act())
    except BaseException as error:  # noqa: BLE001 raised again below
        del done[form]
        mine.set_exception(error)
    return mine.result()
