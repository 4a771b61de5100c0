"""Views that the reader keeps: the address of this page under a name, in the sidebar of every page."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from cartera.reports import views
from dashboards.components import clicks
from dashboards.components.access import may_open
from dashboards.components.view import View, as_text, current_user
from dashboards.i18n import Words
from dashboards.queries.session import actor

PAGES = Path(__file__).resolve().parents[1] / "app_pages"
OPENED = "view"
"""In the URL of a saved view until it is open: what this page showed before gives way to it."""
KEPT = ("lang", "page", "saved_views")
VIEW, REFUSED = "view", "view_refused"


def follow_link() -> None:
    """When a saved view is opened on the page that is shown, forget what was chosen there: the URL decides."""
    if st.query_params.get(OPENED) is None:
        return
    clicks.settle()
    del st.query_params[OPENED]
    for name in list(st.session_state):
        if name not in KEPT:
            del st.session_state[name]


def sidebar(view: View) -> None:
    """The views as links, each with a button to delete it; and a name for what is shown now."""
    words, user, page = view.words, current_user(), st.session_state.get("page")
    clicks.granted(VIEW, page, _shown())
    with st.sidebar.expander(words("views.title"), icon=":material/bookmarks:"):
        for each in _of(user):
            module = each.page.replace("-", "_")
            # a link to a page that is not offered is an error of Streamlit's
            if (PAGES / f"{module}.py").is_file() and may_open(actor(), module):
                _line(view, user, each)
        refused = clicks.answers().pop(REFUSED, None)
        if refused:
            st.error(as_text(refused))
        if page is None:
            return
        # a form of its own once one more is kept: empty then, and as it was typed while it is refused
        field = f"view_name_{len(_of(user))}"
        with st.form(f"form_{field}", border=False):
            st.text_input(words("views.name"), max_chars=views.MOST_NAME, help=words("views.help"), key=field)
            st.form_submit_button(words("views.save"), icon=":material/bookmark_add:", on_click=_wish,
                                  args=(words, user, page, field, _shown()))  # fmt: skip


def _shown() -> list[tuple[str, str]]:
    """The address of this page without its language: whoever opens it has one."""
    return [(key, value) for key in st.query_params for value in st.query_params.get_all(key) if key != "lang"]


def _line(view: View, user: str, each: views.SavedView) -> None:
    parameters = [*each.parameters, (OPENED, "1")]
    if "lang" in st.query_params:
        parameters.append(("lang", st.query_params["lang"]))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.page_link(f"app_pages/{each.page.replace('-', '_')}.py", label=as_text(each.name), query_params=parameters)
        # the name is in the key: a second click is of this view, and not of the one that has moved up into its place
        st.button("", key=f"view_delete_{each.name}", icon=":material/delete:", type="tertiary", on_click=_delete,
                  args=(view.words, user, each.name), help=view.words("views.delete", name=each.name))  # fmt: skip


def _delete(words: Words, user: str, name: str) -> None:
    kept = _kept()
    with clicks.clicked(words, REFUSED):
        views.delete_view(user, name)
        kept.pop(user, None)


def _wish(words: Words, user: str, page: str, field: str, drawn: list[tuple[str, str]]) -> None:
    name = str(st.session_state.get(field) or "")
    clicks.wish(VIEW, page, partial(_save, words, user, name, page), drawn)


def _save(words: Words, user: str, name: str, page: str, shown: list[tuple[str, str]]) -> None:
    kept = _kept()
    with clicks.clicked(words, REFUSED):
        views.save_view(user, name, page, shown)
        kept.pop(user, None)


def _of(user: str) -> list[views.SavedView]:
    """Read once per session and after every change: they cost no page a connection."""
    kept = _kept()
    if user not in kept:
        kept[user] = views.saved_views(user)
    return kept[user]


def _kept() -> dict[str, list[views.SavedView]]:
    found: dict[str, list[views.SavedView]] = st.session_state.setdefault("saved_views", {})
    return found
