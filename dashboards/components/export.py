"""The buttons that export a table: the one place where data leaves, and where the log of that is written."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from threading import Event
from time import monotonic

import streamlit as st

from cartera import viewed
from cartera.desk import Actor
from dashboards.components import states
from dashboards.components.actor import still
from dashboards.components.clicks import answers
from dashboards.components.view import View
from dashboards.queries.export import Counted
from dashboards.queries.session import Clocks, acting, actor

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST = 60
"""Characters of what a table is narrowed to in the name of its file; the column in the file has all of it."""
MAKING, SOON, LONGEST_MAKING = "files_making", 1.0, 600.0
"""Of the answers to clicks: by button whether its file's making has ended. Seconds for which the button itself waits
for that, and after which nobody does."""
LOOKED_AT, LOOKING_AT = "visit_looked_at", "visit_looking_at"
"""The customers and rows that the page showed when it was last drawn whole, and those that it has shown since."""


def csv_button(
    view: View,
    clocks: Clocks,
    currency_code: str,
    name: str,
    content: Callable[[], bytes],
    *,
    narrowed: Sequence[str] = (),
    of: str = "",
    help_text: str = "",
) -> None:
    """A button whose file is made when it is clicked; `content` opens its own transaction.

    `of` tells apart two tables of the same name on one page. `currency_code` may be the currency view of a table of
    several currencies, whose `help_text` says so; empty for a table without amounts. `narrowed`: to what, in words.
    """
    words, date = view.words, view.words.date(clocks.as_of)
    to = re.sub(r"\W+", "-", " ".join(narrowed)).strip("-")[:LONGEST].rstrip("-")
    file_name = "-".join(filter(None, ("cartera", name, currency_code, to, f"{clocks.as_of.isoformat()}.csv")))
    about = words("export.csv_help", currency=currency_code, date=date) if currency_code else ""
    file_button(
        view,
        words("export.csv"),
        logged(lambda: _counted(content()), file_name, clocks, currency_code, of),
        file_name=file_name,
        mime=CSV,
        key=f"export_{name}_{of}",
        icon=":material/download:",
        help_text=help_text or about or words("export.csv_help_no_amounts", date=date),
    )


def file_button(
    view: View,
    label: str,
    make: Callable[[], bytes],
    *,
    file_name: str,
    mime: str,
    key: str,
    icon: str,
    help_text: str | None = None,
    is_disabled: bool = False,
) -> None:
    """A button whose file is made when it is clicked; why one was not is told as soon as that is known.

    It is made in a thread of Streamlit's, where nothing can be shown. So a click draws the button again, and nothing
    else of the page, and the button waits for the thread.
    """
    with st.container(width="content"):  # beside others, where the button itself would stand
        _button(view, label, make, file_name, mime, key, icon, help_text, is_disabled)


@st.fragment
def _button(
    view: View, label: str, make: Callable[[], bytes], file_name: str, mime: str, key: str, icon: str,
    help_text: str | None, is_disabled: bool,
) -> None:  # fmt: skip
    told, subject, ended = answers(), f"file_{key}", Event()
    making = told.setdefault(MAKING, {})
    before, making[subject] = making.get(subject), ended

    def made() -> bytes:
        try:
            return make()
        except Exception as error:
            told[subject] = states.not_made(view.words, file_name, error)
            raise
        finally:
            ended.set()

    is_clicked = st.download_button(
        label, made, file_name=file_name, mime=mime, key=key, icon=icon, help=help_text, disabled=is_disabled,
    )  # fmt: skip
    if is_clicked and before is not None and not before.wait(SOON):
        _awaited(before, monotonic())
    why = told.pop(subject, None)
    if why:
        # stays until it is closed: whoever looks something up under the reference has it at hand
        st.toast(why, icon=":material/error:", duration="infinite")


@st.fragment(run_every=states.BEAT)
def _awaited(ended: Event, since: float) -> None:
    """A file that takes long: the page is drawn again once it is made, or was not; who clicks meanwhile is not kept."""
    if ended.is_set() or monotonic() - since > LONGEST_MAKING:
        st.rerun()


def logged(
    content: Callable[[], Counted],
    file_name: str,
    clocks: Clocks,
    currency_code: str = "",
    of: str = "",
    more: Mapping[str, str] | None = None,
) -> Callable[[], bytes]:
    """`content` for whoever drew the button, if they still may, when it is clicked: written down before it is given.

    The filters are those of the page's address and of the table; `more`: what the address leads to and does not say.
    """
    who, filters = actor(), {name: ",".join(st.query_params.get_all(name)) for name in st.query_params}
    if "customer" not in filters:
        # the desk's lists were narrowed by it, no file; a name in it would be there after its customer is erased
        filters.pop("find", None)
    filters |= {"as_of": clocks.as_of.isoformat(), "known_at": clocks.known_at.isoformat()}
    filters |= {name: value for name, value in (("currency", currency_code), ("of", of)) if value} | dict(more or {})

    def made() -> bytes:
        with acting(still(who)):
            made_now = content()
        viewed.record(who.user, who.role, "export", file_name, filters, made_now.rows)
        return made_now.content

    return made


def audit_view(who: Actor, customer_id: str) -> None:
    """Write down that somebody looks at one customer: once a visit, and before anything of it is shown."""
    _audit(who, "customer", customer_id)


def audit_rows(who: Actor, subject: str, ids: Sequence[int], kind: viewed.Kind = "quarantine") -> None:
    """Write down that somebody looks at rows in quarantine or of a load, as `audit_view` does of a customer; of other
    rows again."""
    _audit(who, kind, subject, tuple(ids))


def _audit(who: Actor, kind: viewed.Kind, subject: str, ids: tuple[int, ...] | None = None) -> None:
    looked_at, now = (who.user, kind, subject, ids), st.session_state.setdefault(LOOKING_AT, set())
    if looked_at not in now and looked_at not in st.session_state.get(LOOKED_AT, ()):
        viewed.record(who.user, who.role, kind, subject, {}, None if ids is None else len(ids))
    now.add(looked_at)


def visit_begins() -> None:
    """At the start of a page. A click may have cut off the one before: what that showed is a visit that goes on where
    this one shows it too, and over where it does not."""
    st.session_state[LOOKED_AT] = st.session_state.get(LOOKED_AT, set()) | st.session_state.pop(LOOKING_AT, set())


def visit_goes_on() -> None:
    """At the end of a page: what it did not show any more is looked at anew the next time."""
    st.session_state[LOOKED_AT] = st.session_state.pop(LOOKING_AT, set())


def _counted(file: bytes) -> Counted:
    """A CSV file with the number of lines under its heading, its total among them."""
    lines = sum(1 for _line in csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))
    return Counted(file, max(0, lines - 1))
