"""Answers are kept per publication and role: `st.cache_data` is shared by everybody in the process.

A publication never changes, so its answers do not age; the limits only bound memory.
"""

from __future__ import annotations

import functools

import streamlit as st

from dashboards.queries.session import Reading

cached = functools.partial(
    st.cache_data,
    ttl="12h",
    max_entries=500,
    show_spinner=False,
    hash_funcs={Reading: Reading.cache_key},
)
