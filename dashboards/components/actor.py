"""Who acts: the one place that a sign-in fills in. Without one, a name in the URL tells people apart."""

from __future__ import annotations

import streamlit as st

from cartera.desk import Actor

LONGEST = 60


def current_actor() -> Actor:
    """Whoever sits at this machine. `as` in the URL is a name, not a right: on 127.0.0.1 everybody has all of them."""
    named = " ".join(st.query_params.get("as", "").split())[:LONGEST]
    return Actor.local(named) if named else Actor.local()
