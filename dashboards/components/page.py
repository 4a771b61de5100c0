"""The frame of every page: one read transaction, banners, and states instead of stack traces."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cartera.errors import NotPublished
from dashboards.components import banners, saved_views, states
from dashboards.components.actor import current_actor
from dashboards.components.view import View, current_words, is_dark
from dashboards.queries.session import acting, reading


def show(draw: Callable[[View], None], *, title: str, needs_publication: bool = True) -> None:
    """Draw one page. The only place that catches everything: a page is a process boundary for its reader."""
    saved_views.follow_link()
    words = current_words()
    st.title(words(title), anchor=False)
    try:
        # shown when it takes over half a second
        with st.spinner(words("state.loading")), acting(current_actor()), reading() as opened:
            view = View(opened, words, is_dark())
            banners.sidebar(view)
            banners.show(view, links_to_health=needs_publication)
            if needs_publication and opened.published is None:
                states.not_published(words)
            else:
                draw(view)
            # last, so that the URL says what was chosen in this very run
            saved_views.sidebar(view)
    except NotPublished:
        states.not_published(words)
    except Exception as error:  # noqa: BLE001 a page is a process boundary: its reader gets a reference, the log the rest
        states.failed(words, error)
