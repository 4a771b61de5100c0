"""The frame of every page: one read transaction, banners, and states instead of stack traces."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboards.components import banners, clicks, refused, saved_views, states
from dashboards.components.export import visit_begins, visit_goes_on
from dashboards.components.view import View, current_words, is_dark, is_phone
from dashboards.queries.session import reading


def show(draw: Callable[[View], None], *, title: str, needs_publication: bool = True) -> None:
    """Draw one page."""
    visit_begins()
    saved_views.follow_link()
    words = current_words()
    st.title(words(title), anchor=False)
    # the spinner is shown when it takes over half a second
    with states.plainly(words), st.spinner(words("state.loading")), clicks.telling(), reading() as opened:
        view = View(opened, words, is_dark(), is_phone())
        banners.sidebar(view)
        banners.show(view, links_to_health=needs_publication)
        above = st.container()
        if needs_publication and opened.published is None:
            states.not_published(words)
        else:
            draw(view)
            with above:  # once all filters have been drawn
                refused.say(view)
        # last, so that the URL says what was chosen in this very run
        saved_views.sidebar(view)
    visit_goes_on()
