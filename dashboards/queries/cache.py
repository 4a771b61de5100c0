"""Answers are kept per publication and role: `st.cache_data` is shared by everybody in the process.

A publication never changes, so its answers do not age, be it over a long weekend: they are forgotten when the next one
is served (ahead.py). The limit only bounds memory.
"""

from __future__ import annotations

import functools

import streamlit as st

from dashboards.queries.session import Reading

cached = functools.partial(
    st.cache_data,
    max_entries=500,
    show_spinner=False,
    # of a tuple Streamlit hashes one after the other: thousands of invoices take longer so than to be read
    hash_funcs={Reading: Reading.cache_key, tuple: repr},
)


def forget() -> None:
    """All answers: who asks now asks another publication."""
    st.cache_data.clear()
