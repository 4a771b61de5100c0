"""The dashboard's frame: language, who is here, navigation. Started by `cartera dashboard` (through server.py)."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:
    # Streamlit puts this folder on the path, not the project that holds it
    sys.path.insert(0, str(HERE.parent))

import streamlit as st  # noqa: E402
from streamlit.navigation.page import StreamlitPage  # noqa: E402

from cartera import sign_in  # noqa: E402
from cartera.desk import Actor  # noqa: E402
from cartera.settings import TELEMETRY_OFF, get_settings  # noqa: E402
from dashboards.components import clicks, filters, refused, sign_in_page, states  # noqa: E402
from dashboards.components.access import may_open  # noqa: E402
from dashboards.components.actor import Refused, looking  # noqa: E402
from dashboards.components.view import browser_language, current_words  # noqa: E402
from dashboards.i18n import LOCALES  # noqa: E402
from dashboards.queries.session import acting  # noqa: E402

os.environ.update(TELEMETRY_OFF)

PAGES = (
    ("overview", "page.overview", ":material/monitoring:"),
    ("aging", "page.aging", ":material/calendar_month:"),
    ("segments", "page.segments", ":material/grid_view:"),
    ("recovery", "page.recovery", ":material/trending_down:"),
    ("worklist", "page.worklist", ":material/checklist:"),
    ("customer", "page.customer", ":material/person:"),
    ("promises", "page.promises", ":material/handshake:"),
    ("campaigns", "page.campaigns", ":material/campaign:"),
    ("kpis", "page.kpis", ":material/query_stats:"),
    ("reports", "page.reports", ":material/summarize:"),
    ("data_health", "page.health", ":material/verified:"),
)

FIRST = "overview"

# pixels; with Streamlit's own width, tables of eight columns are cut on a screen of 1280
SIDEBAR = 240


def choose_language() -> None:
    """The switch at the foot of the sidebar; the choice lives in the URL as `lang`, where es and pt-BR do as well."""
    asked, label = filters.linked_to("lang"), "Language · Idioma"
    language = re.split("[-_]", asked or "")[0].upper()
    if language != asked and language in LOCALES:
        asked = st.session_state["lang"] = language
    chosen = st.sidebar.segmented_control(
        label,
        list(LOCALES),
        default=browser_language(),
        required=True,
        key="lang",
        bind="query-params",
    )
    refused.heard("lang", None if asked in LOCALES else asked, label, chosen, str(chosen))


def pages(actor: Actor | Refused) -> list[StreamlitPage]:
    """Those that the person may open, and in place of the others one that says why not, which only a link leads to.

    Where there is nobody we know, all of them say how to sign in or whom to ask.
    """
    if isinstance(actor, Refused):
        told = partial(sign_in_page.refused, actor)
        first = st.Page(told, title="Cartera", url_path="sign-in", default=True)
        return [first, *(_instead(told, "Cartera", name) for name, _, _ in PAGES)]
    first, *others = (
        st.Page(
            HERE / "app_pages" / f"{name}.py",
            title=current_words()(title),
            icon=icon,
            url_path="" if name == FIRST else _path(name),
            default=name == FIRST,
        )
        for name, title, icon in PAGES
        if may_open(actor, name)
    )

    def to_first() -> None:
        # the language is the switch's own, which keeps it, and refuses it from here
        asked = {name: st.query_params.get_all(name) for name in st.query_params if name != "lang"}
        st.switch_page(first, query_params=asked)

    # its address is that of the dashboard itself, but people type its name too
    named = _instead(to_first, first.title, FIRST)
    closed = [
        _instead(partial(sign_in_page.closed, actor, name, title), current_words()(title), name)
        for name, title, _ in PAGES
        if not may_open(actor, name)
    ]
    return [first, *others, named, *closed]


def _path(name: str) -> str:
    return name.replace("_", "-")


def _instead(draw: Callable[[], None], title: str, name: str) -> StreamlitPage:
    """What is shown at the address of a page in place of it."""
    return st.Page(draw, title=title, url_path=_path(name), visibility="hidden")


st.set_page_config(
    page_title="Cartera",
    page_icon=str(HERE / "assets" / "icon.svg"),
    layout="wide",
    initial_sidebar_state=SIDEBAR,
)
st.logo(HERE / "assets" / "logo.svg", size="large", icon_image=HERE / "assets" / "icon.svg")
choose_language()
# whom the database does not know now, because it is away say, is told that as on any page
with states.plainly(current_words()):
    actor = looking()
    page = st.navigation(pages(actor), position="hidden" if isinstance(actor, Refused) else "sidebar")
    name = page.url_path or FIRST
    if st.session_state.get("page", name) != name:
        clicks.settle()
        refused.forget()
        filters.arrive()
    # which page a saved view is of
    st.session_state["page"] = name
    if isinstance(actor, Actor):
        sign_in_page.who_is_here(actor, is_signed_in=sign_in.is_required(get_settings()))
        with acting(actor):
            page.run()
    else:
        page.run()
