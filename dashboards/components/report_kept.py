"""Saving, sharing and deleting a report, and sending it by e-mail on a schedule."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import streamlit as st

from cartera.errors import CarteraError
from cartera.reports import schedule, send, store
from cartera.reports.document import Document, Filter
from cartera.reports.exports import FORMATS, Format
from cartera.reports.store import Broken, Saved
from cartera.reports.wording import LOCALES, Language
from dashboards.components.choosers import added, toggled
from dashboards.components.clicks import answers
from dashboards.components.report_choice import NEW, common_dimensions, forget_choices, unpin
from dashboards.components.tables import Column, table
from dashboards.components.view import View, as_text, current_user
from dashboards.queries import reports
from dashboards.queries.receivables import frame
from dashboards.queries.session import Clocks

DELIVERIES = {
    "due_on": Column("reports.due_on", "date"),
    "recipient": Column("reports.recipient"),
    "status": Column("column.status"),
    "row_count": Column("reports.rows", "number"),
    "answer": Column("column.message"),
}
LISTED = 20
TOLD, NEW_REPORT, NEW_SCHEDULE = "report_told", "report_new", "schedule_new"
"""What clicks did, and the ids of forms that were not sent yet: of the next form, once this one is done."""


def keep(view: View, saved: Saved | None, document: Document) -> None:
    """Save as a new one; and of one's own: save the change, share, delete."""
    words, user = view.words, current_user()
    is_own = saved is not None and saved.owner == user
    told = answers().pop(TOLD, None)
    if told:
        st.success(told, icon=":material/check_circle:")
    with st.container(horizontal=True):
        with st.popover(words("reports.save_as"), icon=":material/save:"), st.form("report_save"):
            name = st.text_input(words("reports.name"), max_chars=store.MOST_NAME)
            is_shared = st.toggle(words("reports.share"), help=words("reports.share_help"))
            if st.form_submit_button(words("reports.save"), icon=":material/save:"):
                _attempt(view, lambda: _save_new(view, name, document, is_shared))
        if saved is not None and is_own:
            if document != saved.document and st.button(words("reports.save_change"), icon=":material/save:"):
                _attempt(view, lambda: _save_change(view, saved, document), saved)
            label = words("reports.unshare") if saved.is_shared else words("reports.share")
            if st.button(label, icon=":material/group:", help=words("reports.share_help")):
                _attempt(view, lambda: _share(view, saved), saved)
            _deletion(view, saved)


def say_broken(view: View, broken: Broken) -> None:
    """What is wrong with it; whose it is may delete it."""
    words = view.words
    st.error(words("reports.broken_why", why=as_text(broken.why)), icon=":material/build:")
    if broken.owner == current_user():
        _deletion(view, broken)


def _deletion(view: View, saved: Saved | Broken) -> None:
    words = view.words
    with st.popover(words("reports.delete"), icon=":material/delete:"):
        st.markdown(words("reports.delete_sure", name=as_text(saved.name)))
        if st.button(words("reports.delete_now"), key="report_delete", type="primary"):
            _attempt(view, lambda: _delete(view, saved), saved)


def _attempt(view: View, action: Callable[[], None], saved: Saved | Broken | None = None) -> None:
    """Do it and draw anew, or say why not; nothing that was typed is lost."""
    try:
        action()
    except store.ChangedMeanwhile as error:
        st.error(as_text(error.problem), icon=":material/group:")
        if saved is not None:
            st.button(view.words("reports.open_theirs"), on_click=unpin, args=(saved.report_id,))
        return
    except CarteraError as error:
        st.error(f"{as_text(error.problem)}  \n{as_text(error.mend)}", icon=":material/error:")
        return
    st.rerun()


def _save_new(view: View, name: str, document: Document, is_shared: bool) -> None:
    told = answers()
    report_id = told.setdefault(NEW_REPORT, str(uuid.uuid4()))
    saved = store.save(current_user(), name, document, report_id=report_id, is_shared=is_shared)
    del told[NEW_REPORT]
    told[TOLD] = view.words("reports.saved", name=as_text(saved.name))
    _open(view, saved.report_id)


def _save_change(view: View, saved: Saved, document: Document) -> None:
    told = answers()
    store.change(current_user(), saved.report_id, saved.version, document=document)
    told[TOLD] = view.words("reports.saved", name=as_text(saved.name))
    unpin(saved.report_id)


def _share(view: View, saved: Saved) -> None:
    told, what = answers(), "reports.unshared" if saved.is_shared else "reports.shared"
    store.change(current_user(), saved.report_id, saved.version, is_shared=not saved.is_shared)
    told[TOLD] = view.words(what, name=as_text(saved.name))
    unpin(saved.report_id)


def _delete(view: View, saved: Saved | Broken) -> None:
    told = answers()
    store.delete(current_user(), saved.report_id, saved.version)
    told[TOLD] = view.words("reports.deleted", name=as_text(saved.name))
    unpin(saved.report_id)
    _open(view, NEW)


def _open(view: View, report_id: str) -> None:
    """Show that report next: the list is drawn already, so its state goes, and the URL says which."""
    forget_choices()
    st.session_state.pop(f"report_report__{view.words.language}", None)
    st.query_params["report"] = report_id


def mailing(view: View, saved: Saved | None, clocks: Clocks) -> None:
    """What is sent of this report, to whom and when; and what became of the last e-mails."""
    words, user = view.words, current_user()
    with st.expander(words("reports.by_mail"), icon=":material/schedule_send:"):
        if saved is None:
            st.caption(words("reports.save_first"))
            return
        for each in schedule.schedules(user, saved.report_id):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"{as_text(each.recipient)} · {as_text(each.broken or _when(view, each))}")
                if st.button(
                    words("reports.end"), key=f"end_{each.schedule_id}", icon=":material/cancel_schedule_send:"
                ):
                    _attempt(view, lambda each=each: schedule.end(user, each.schedule_id))
        _new_schedule(view, saved, clocks)
        sent = [row for row in send.deliveries(user, LISTED) if row["report"] == saved.report_id]
        if sent:
            for row in sent:
                row["status"] = words(f"reports.status_{row['status']}")
            table(
                view, frame(sent, list(DELIVERIES)), DELIVERIES, alt=words("reports.by_mail"), key="report_deliveries"
            )


def _when(view: View, each: schedule.Schedule) -> str:
    words, when = view.words, each.when
    said = reports.wording(words)
    days = ", ".join(words(f"reports.day_{day}") for day in when.weekdays)
    if when.month_day:
        is_last = when.month_day == schedule.LAST_DAY
        days = words("reports.last_day") if is_last else words("reports.month_day", day=when.month_day)
    narrowed = "; ".join(f"{said.column(f.column)}: {', '.join(f.among)}" for f in each.filters)
    return " · ".join(filter(None, (days, f"{when.hour:02d}:00 {when.timezone}", each.format, narrowed)))


def _new_schedule(view: View, saved: Saved, clocks: Clocks) -> None:
    words, said = view.words, reports.wording(view.words)
    recipient = st.text_input(words("reports.recipient"), key="mail_to", placeholder="ana@example.com")
    with st.container(horizontal=True):
        kinds = {"week": words("reports.weekly"), "month": words("reports.monthly")}
        kind = st.segmented_control(
            words("reports.every"), list(kinds), default="week", required=True, format_func=kinds.__getitem__,
            key="mail_kind",
        )  # fmt: skip
        weekdays: list[int] = []
        month_day: int | None = None
        if kind == "week":
            weekdays = toggled(
                words("reports.weekdays"), range(1, 8), lambda day: words(f"reports.day_{day}"), "mail_weekdays", [1]
            )  # fmt: skip
        else:
            month_day = st.selectbox(
                words("reports.on_day"), [*range(1, 29), schedule.LAST_DAY], key="mail_month_day", width=200,
                format_func=lambda day: words("reports.last_day") if day == schedule.LAST_DAY else str(day),
            )  # fmt: skip
        hour = st.number_input(words("reports.hour"), 0, 23, 7, key="mail_hour", width=130)
        timezone = st.text_input(words("reports.timezone"), "America/Lima", key="mail_zone", width=190)
    with st.container(horizontal=True):
        format: Format = st.selectbox(words("reports.format"), FORMATS, key="mail_format", width=140)
        codes = [view.words.language.lower(), *(code for code in LOCALES if code != view.words.language.lower())]
        language: Language = st.selectbox(words("reports.language"), codes, key="mail_language", width=120)  # type: ignore[assignment]
        filters = _own_filters(view, saved, clocks)
        skips = st.toggle(words("reports.skip_empty"), value=True, key="mail_skip")
    if st.button(words("reports.schedule"), icon=":material/schedule_send:"):
        # the id is made once per form, so that a double click schedules once
        told = answers()
        schedule_id = told.setdefault(NEW_SCHEDULE, str(uuid.uuid4()))

        def add() -> None:
            when = schedule.When(tuple(weekdays), month_day, int(hour), timezone.strip())
            schedule.add(
                current_user(), saved.report_id, recipient, when, language=language, format=format, filters=filters,
                skips_empty=skips, schedule_id=schedule_id,
            )  # fmt: skip
            del told[NEW_SCHEDULE]
            told[TOLD] = words("reports.scheduled", recipient=as_text(recipient))

        _attempt(view, add)
    st.caption(said("said.currency_own").capitalize() + ".")


def _own_filters(view: View, saved: Saved, clocks: Clocks) -> list[Filter]:
    """What this recipient gets of the report: one column that all parts have, and its values."""
    words, said = view.words, reports.wording(view.words)
    columns = ["", *common_dimensions(saved.document)]
    column = st.selectbox(
        words("reports.only"), columns, key="mail_column", width=200,
        format_func=lambda name: said.column(name) if name else words("reports.everything"),
    )  # fmt: skip
    if not column:
        return []
    offered = reports.choices(view.reading, saved.document.parts[0].mart, column, clocks)
    among = added(
        said.column(column), offered, lambda value: value or said("value.none"), f"mail_values_{column}",
        words("reports.choose"),
    )  # fmt: skip
    return [Filter(column=column, among=tuple(among))] if among else []
