"""Views that the reader keeps: the address of this page under a name, in the sidebar of every page."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cartera.reports import views
from dashboards.components import clicks, filters
from dashboards.components.access import may_open
from dashboards.components.view import View, as_text, current_user
from dashboards.i18n import Words
from dashboards.queries.session import actor

PAGES = Path(__file__).resolve().parents[1] / "app_pages"
OPENED = "view"
"""In the URL of a saved view until it is open: what this page showed before gives way to it."""
KEPT = ("lang", "page", "saved_views")
VIEW, REFUSED = "view", "view_refused"
BIN = ":material/delete:"


@dataclass
class Kept:
    """What this session knows of its views: read once, and again once one more is kept. They cost no page a connection.

    A deleted one keeps its line on the page where that was done, with its bin out of use: the second of two clicks
    meets no other view's bin, however fast the first was answered.
    """

    of: dict[str, list[views.SavedView]] = field(default_factory=dict)
    deleted: dict[str, str | None] = field(default_factory=dict)
    saves: int = 0


def follow_link() -> None:
    """When a saved view is opened on the page that is shown, forget what was chosen there: the URL decides."""
    named = st.query_params.get(OPENED)
    if named is None:
        return
    clicks.settle()
    del st.query_params[OPENED]
    for name in list(st.session_state):
        if name not in KEPT:
            del st.session_state[name]
    filters.carry(named)


def opening(**parameters: str) -> dict[str, str]:
    """Of a link that shows what it names, in this language, whatever was chosen before: as a saved view is opened."""
    return parameters | _opened(parameters)


def _opened(parameters: dict[str, str]) -> dict[str, str]:
    language = {"lang": st.query_params["lang"]} if "lang" in st.query_params else {}
    return {OPENED: filters.carried(parameters)} | language


def sidebar(view: View) -> None:
    """The views as links, each with a button to delete it; and a name for what is shown now."""
    words, user, page, kept = view.words, current_user(), st.session_state.get("page"), _kept()
    clicks.granted(VIEW, page, _shown())
    with st.sidebar.expander(words("views.title"), icon=":material/bookmarks:"):
        for each in _of(kept, user):
            if each.name in kept.deleted:
                if kept.deleted[each.name] == page:
                    _deleted_line(words, each.name)
                continue
            module = each.page.replace("-", "_")
            # a link to a page that is not offered is an error of Streamlit's
            if (PAGES / f"{module}.py").is_file() and may_open(actor(), module):
                _line(view, user, each)
        refused = clicks.told(REFUSED)
        if refused:
            st.error(as_text(refused.told(words)))
        if page is None:
            return
        # a form of its own once one more is kept: empty then, and as it was typed while it is refused
        key = f"view_name_{kept.saves}"
        with st.form(f"form_{key}", border=False):
            st.text_input(words("views.name"), max_chars=views.MOST_NAME, help=words("views.help"), key=key)
            st.form_submit_button(words("views.save"), icon=":material/bookmark_add:", on_click=_wish,
                                  args=(user, page, key, _shown()))  # fmt: skip


def _shown() -> list[tuple[str, str]]:
    """The address of this page without its language: whoever opens it has one."""
    return [(key, value) for key in st.query_params for value in st.query_params.get_all(key) if key != "lang"]


def _line(view: View, user: str, each: views.SavedView) -> None:
    parameters = [*each.parameters, *_opened(dict(each.parameters)).items()]
    with _in_a_line():
        st.page_link(f"app_pages/{each.page.replace('-', '_')}.py", label=as_text(each.name), query_params=parameters)
        st.button("", key=f"view_delete_{each.name}", icon=BIN, type="tertiary", on_click=_delete,
                  args=(user, each.name, st.session_state.get("page")),
                  help=view.words("views.delete", name=each.name))  # fmt: skip


def _deleted_line(words: Words, name: str) -> None:
    with _in_a_line():
        st.caption(as_text(words("views.deleted", name=name)))
        st.button("", key=f"view_deleted_{name}", icon=BIN, type="tertiary", disabled=True)


def _in_a_line() -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")


def _delete(user: str, name: str, page: str | None) -> None:
    kept = _kept()
    with clicks.refusing(REFUSED):
        views.delete_view(user, name)
        kept.deleted[name] = page


def _wish(user: str, page: str, key: str, drawn: list[tuple[str, str]]) -> None:
    name = str(st.session_state.get(key) or "")
    clicks.wish(VIEW, page, partial(_save, user, name, page), drawn)


def _save(user: str, name: str, page: str, shown: list[tuple[str, str]]) -> None:
    kept = _kept()
    with clicks.refusing(REFUSED):
        saved = views.save_view(user, name, page, shown)
        kept.of.pop(user, None)
        kept.deleted.pop(saved.name, None)
        kept.saves += 1


def _of(kept: Kept, user: str) -> list[views.SavedView]:
    if user not in kept.of:
        kept.of[user] = views.saved_views(user)
    return kept.of[user]


def _kept() -> Kept:
    found: Kept = st.session_state.setdefault("saved_views", Kept())
    return found
