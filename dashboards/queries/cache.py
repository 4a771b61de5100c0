"""Answers are kept per publication and role: `st.cache_data` is shared by everybody in the process.

A publication never changes, so its answers do not age, be it over a long weekend: they are forgotten when the next one
is served (ahead.py). The limit only bounds memory.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st
from psycopg2.errors import QueryCanceled

from dashboards.queries.session import Reading

Given, Found = ParamSpec("Given"), TypeVar("Found")

_kept = functools.partial(
    st.cache_data,
    max_entries=500,
    show_spinner=False,
    # of a tuple Streamlit hashes one after the other: thousands of invoices take longer so than to be read
    hash_funcs={Reading: Reading.cache_key, tuple: repr},
)


goes_on: set[Hashable] = set()
"""Keys of what is being answered behind a page (going_on.py): who asks that again would wait in the page."""


class CutOff(QueryCanceled):
    """What was asked took longer than whoever asked may wait; `again` asks it once more, of another reading.

    `key` tells apart whose answers are kept apart.
    """

    def __init__(self, reading: Reading, again: Callable[[Reading], object], key: tuple[str, ...]) -> None:
        super().__init__(f"{key[0]} took too long")
        self.companies, self.publication = reading.companies, reading.cache_key()
        self.again, self.key = again, (*self.publication, key)


def cached(answer: Callable[Concatenate[Reading, Given], Found]) -> Callable[Concatenate[Reading, Given], Found]:
    """Keeps what `answer` found; raises CutOff where the transaction's time ends before."""
    kept: Any = _kept(answer)

    @functools.wraps(answer)
    def ask(reading: Reading, *given: Given.args, **named: Given.kwargs) -> Found:
        def cut_off() -> CutOff:
            key = (f"{answer.__module__}.{answer.__qualname__}", repr(given), repr(named))
            return CutOff(reading, lambda opened: kept(opened, *given, **named), key)

        if goes_on and cut_off().key in goes_on:
            raise cut_off()
        try:
            found: Found = kept(reading, *given, **named)
        except CutOff:
            # what is asked first for this
            raise
        except QueryCanceled as error:
            raise cut_off() from error
        return found

    return ask


def forget() -> None:
    """All answers: who asks now asks another publication."""
    st.cache_data.clear()
