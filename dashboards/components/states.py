"""What is shown where there are no figures: always what is the matter and what to do."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from logging.handlers import RotatingFileHandler
from typing import TypeVar

import streamlit as st
from psycopg2.errors import QueryCanceled, UndefinedColumn, UndefinedFunction, UndefinedTable

from cartera.errors import CarteraError, ConfigError, DatabaseError, NotPublished
from cartera.settings import get_settings
from dashboards.components.access import may_open
from dashboards.components.view import View, as_text
from dashboards.i18n import Words, refusals
from dashboards.queries import aging, going_on
from dashboards.queries.cache import CutOff
from dashboards.queries.session import Clocks, actor

Kind = TypeVar("Kind", bound=Exception)

LOG_NAME = "dashboard.log"
BEAT = "2s"
"""How often a page that waits for an answer looks whether it is there."""


def not_published(words: Words) -> None:
    st.info(f"**{words('state.not_published')}**\n\n{words('state.not_published_do')}", icon=":material/inbox:")


def empty(words: Words, date: str) -> None:
    """Where to look for what was expected; who has no page of that is told what they see, and whom to ask."""
    who, do = actor(), words("state.empty_do", date=date)
    if not may_open(who, "data_health"):
        companies = words("filter.all_companies") if who.companies is None else ", ".join(sorted(who.companies))
        do = words("state.empty_do_yours", date=date, companies=as_text(companies))
    st.info(f"**{words('state.empty')}**\n\n{do}", icon=":material/event_available:")


def nothing_open(view: View, clocks: Clocks) -> None:
    """As `empty`, unless nothing at all was known at that moment: then nothing is said of what was open."""
    is_earlier = clocks.known_at < view.reading.clocks.known_at
    if not is_earlier or aging.first_day(view.reading, clocks.known_at, None) is not None:
        return empty(view.words, view.words.date(clocks.as_of))
    moment = view.words.moment(clocks.known_at)
    st.info(view.words("state.nothing_known", moment=moment), icon=":material/history_toggle_off:")


def logged(error: Exception) -> str:
    """The reference under which what happened is in the log."""
    reference = secrets.token_hex(4)
    log().error("reference %s", reference, exc_info=error)
    return reference


@contextmanager
def plainly(words: Words) -> Iterator[None]:
    """Around all that is drawn, and around a fragment, which runs again without the rest: no stack trace.

    With `refusing` the only place that catches everything: for its reader a page is a process boundary.
    """
    try:
        yield
    except NotPublished:
        not_published(words)
    except Exception as error:  # noqa: BLE001 its reader gets a reference, the log the rest
        cut_off = _of(error, CutOff)
        if cut_off is not None and going_on.begin(cut_off):
            answered_behind(words, cut_off.key)
        else:
            failed(words, error)


@st.fragment(run_every=BEAT)
def answered_behind(words: Words, key: Hashable) -> None:
    """Until a question is answered that no page could wait for; then the page is drawn again."""
    if going_on.goes_on(key):
        st.info(f"**{words('state.goes_on')}**\n\n{words('state.goes_on_do')}", icon=":material/hourglass_top:")
    else:
        st.rerun()


@dataclass(frozen=True)
class Refusal:
    """Why a click did nothing, kept to be said when it is drawn, which may be in another language by then."""

    error: Exception
    reference: str | None

    def told(self, words: Words) -> str:
        if isinstance(self.error, CarteraError):
            return refusals.told(words, self.error)
        return words("desk.failed", reference=self.reference)


@contextmanager
def refusing(tell: Callable[[Refusal], None]) -> Iterator[None]:
    """Around what a click does before anything is drawn: `tell` keeps why nothing was done, to be shown then."""
    try:
        yield
    except CarteraError as error:
        tell(Refusal(error, None))
    except Exception as error:  # noqa: BLE001 who clicked gets a reference, the log the rest
        tell(Refusal(error, logged(error)))


def failed(words: Words, error: Exception) -> None:
    """A plain message with a reference; what happened goes to the log under the same reference."""
    problem, mend = _said(words, error)
    st.error(f"**{problem}**\n\n{mend}\n\n{_reference(words, error)}", icon=":material/error:")


def not_made(words: Words, file_name: str, error: Exception) -> str:
    """As `failed`, of a file: the text, because it is made where nothing can be shown."""
    if isinstance(error, CarteraError) and not isinstance(error, DatabaseError):
        why = as_text(refusals.told(words, error))
    else:
        why = " · ".join(_said(words, error))
    return f"**{words('export.not_made', file=as_text(file_name))}**\n\n{why}\n\n{_reference(words, error)}"


def _reference(words: Words, error: Exception) -> str:
    return words("state.reference", reference=logged(error), log=f"logs/{LOG_NAME}")


def _said(words: Words, error: Exception) -> tuple[str, str]:
    """What is the matter, and what to do."""
    problem, mend = words("state.error"), words("state.error_do")
    if isinstance(error, UndefinedFunction | UndefinedTable | UndefinedColumn):
        # published by an earlier Cartera, which had not yet what this page asks
        problem, mend = words("state.built_before"), words("state.built_before_do")
    elif _of(error, QueryCanceled):
        problem, mend = words("state.too_long"), words("state.too_long_do")
    elif isinstance(error, ConfigError):
        # it says which file and line: the database has nothing to do with it
        problem, mend = as_text(error.problem), as_text(error.mend)
    return problem, mend


def _of(error: Exception, kind: type[Kind]) -> Kind | None:
    """The error, or what it tells of plainly, where that is of this kind."""
    return next((each for each in (error, error.__cause__) if isinstance(each, kind)), None)


@cache
def log() -> logging.Logger:
    """Errors of the dashboard, in the log folder; on standard error where that folder can't be written."""
    logger = logging.getLogger("cartera.dashboard")
    handler: logging.Handler = logging.StreamHandler()
    try:
        folder = get_settings().log_dir
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(folder / LOG_NAME, maxBytes=5_000_000, backupCount=3, encoding="utf-8")
    except OSError as error:
        logger.warning("the log folder can't be written: %s", error)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return logger
