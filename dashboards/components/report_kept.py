"""Saving, sharing and deleting a report, and sending it by e-mail on a schedule."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any
from zoneinfo import available_timezones

import streamlit as st

from cartera.errors import ConfigError
from cartera.reports import schedule, send, store
from cartera.reports.document import Document, Filter
from cartera.reports.exports import FORMATS
from cartera.reports.store import Broken, Saved
from cartera.reports.wording import LOCALES
from dashboards.components.choosers import added, toggled, typed_in
from dashboards.components.clicks import answers, clicked, drawn_anew, granted, once, one_of, told, wish
from dashboards.components.report_choice import NEW, OPENED, common_dimensions, unpin
from dashboards.components.report_shown import file_label
from dashboards.components.report_values import offered_values
from dashboards.components.states import Refusal
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
CONTINENTS = (
    "Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/",
)  # fmt: skip
REPORT, TOLD, REFUSED, NOT_SCHEDULED = "report", "report_told", "report_refused", "schedule_refused"
NEW_REPORT, NEW_SCHEDULE = "report_new", "schedule_new"
"""What clicks did, and the ids of forms that were not sent yet: of the next form, once this one is done."""


def keep(view: View, saved: Saved | None, document: Document) -> None:
    """Save as a new one; and of one's own: save the change, share, delete."""
    words, user = view.words, current_user()
    is_own = saved is not None and saved.owner == user
    of = saved.report_id if saved else NEW
    if granted(REPORT, of, document):
        # whoever clicked elsewhere meanwhile goes there: a rerun asked for first would take the place of that click
        st.empty()
        st.rerun()
    done = told(TOLD)
    if done:
        text, named = done
        st.success(view.words(text, **named), icon=":material/check_circle:")
    _say_refused(view)
    with st.container(horizontal=True):
        report_id = answers().setdefault(NEW_REPORT, str(uuid.uuid4()))
        with (
            st.popover(words("reports.save_as"), icon=":material/save:"),
            st.form(f"report_save_{report_id}"),
        ):
            st.text_input(words("reports.name"), max_chars=store.MOST_NAME, key=f"report_name_{report_id}")
            st.toggle(words("reports.share"), help=words("reports.share_help"), key=f"report_shared_{report_id}")
            st.form_submit_button(words("reports.save"), icon=":material/save:", on_click=_wish_new,
                                  args=(of, report_id, document))  # fmt: skip
        if saved is not None and is_own:
            drawn = (saved.report_id, saved.version)
            if document != saved.document:
                st.button(words("reports.save_change"), icon=":material/save:", key=f"report_change_{drawn}",
                          on_click=wish, args=(REPORT, of, partial(_save_change, saved), document))  # fmt: skip
            label = words("reports.unshare") if saved.is_shared else words("reports.share")
            st.button(label, icon=":material/group:", help=words("reports.share_help"), key=f"report_share_{drawn}",
                      on_click=_share, args=(saved,))  # fmt: skip
            _deletion(view, saved)


def say_broken(view: View, broken: Broken) -> None:
    """What is wrong with it; whose it is may delete it."""
    words = view.words
    st.error(words("reports.broken_why", why=as_text(broken.why)), icon=":material/build:")
    _say_refused(view)
    if broken.owner == current_user():
        _deletion(view, broken)


def _deletion(view: View, saved: Saved | Broken) -> None:
    words = view.words
    with st.popover(words("reports.delete"), icon=":material/delete:"):
        st.markdown(words("reports.delete_sure", name=as_text(saved.name)))
        st.button(words("reports.delete_now"), key=f"report_delete_{saved.report_id}_{saved.version}", type="primary",
                  on_click=_delete, args=(saved,))  # fmt: skip


def _say_refused(view: View) -> None:
    """Once: why the last click did nothing; and the way to what somebody else made of the report."""
    refused = told(REFUSED)
    if refused is None:
        return
    refusal, theirs = refused
    st.error(as_text(refusal.told(view.words)), icon=":material/group:" if theirs else ":material/error:")
    if theirs:
        st.button(view.words("reports.open_theirs"), on_click=unpin, args=(theirs,))


def _done(text: str, **named: str) -> tuple[str, dict[str, str]]:
    """What a click did, to be said when it is drawn, which may be in another language by then."""
    return text, {name: as_text(value) for name, value in named.items()}


@contextmanager
def _clicked(saved: Saved | Broken | None = None) -> Iterator[dict[str, Any]]:
    """Around what a click does to a report: what was refused is told by `_say_refused`."""

    def refused(refusal: Refusal) -> tuple[Refusal, str | None]:
        return refusal, saved.report_id if saved and isinstance(refusal.error, store.ChangedMeanwhile) else None

    with clicked(REFUSED, refused) as kept:
        yield kept


def _wish_new(of: str, report_id: str, document: Document) -> None:
    name, is_shared = (st.session_state.get(f"report_{field}_{report_id}") for field in ("name", "shared"))
    wish(REPORT, of, partial(_save_new, report_id, str(name or ""), bool(is_shared)), document)


def _save_new(report_id: str, name: str, is_shared: bool, document: Document) -> None:
    with _clicked() as kept:
        saved = store.save(current_user(), name, document, report_id=report_id, is_shared=is_shared)
        kept.pop(NEW_REPORT, None)
        kept[TOLD] = _done("reports.saved", name=saved.name)
        kept[OPENED] = saved.report_id


def _save_change(saved: Saved, document: Document) -> None:
    with _clicked(saved) as kept:
        once(
            ("report_change", saved.report_id, saved.version),
            lambda: store.change(current_user(), saved.report_id, saved.version, document=document),
        )
        kept[TOLD] = _done("reports.saved", name=saved.name)
        kept[OPENED] = saved.report_id


def _share(saved: Saved) -> None:
    with _clicked(saved) as kept:
        once(
            ("report_share", saved.report_id, saved.version),
            lambda: store.change(current_user(), saved.report_id, saved.version, is_shared=not saved.is_shared),
        )
        what = "reports.unshared" if saved.is_shared else "reports.shared"
        kept[TOLD] = _done(what, name=saved.name)
        kept[OPENED] = saved.report_id


def _delete(saved: Saved | Broken) -> None:
    with _clicked(saved) as kept:
        once(
            ("report_delete", saved.report_id, saved.version),
            lambda: store.delete(current_user(), saved.report_id, saved.version),
        )
        kept[TOLD] = _done("reports.deleted", name=saved.name)
        kept[OPENED] = NEW


def mailing(view: View, saved: Saved | None, clocks: Clocks) -> None:
    """What is sent of this report, to whom and when; and what became of the last e-mails."""
    words, user = view.words, current_user()
    # by its key it stays open when something is told above it
    with st.expander(words("reports.by_mail"), icon=":material/schedule_send:", key="mailing"):
        if saved is None:
            st.caption(words("reports.save_first"))
            return
        drawn_anew(NOT_SCHEDULED)
        for each in schedule.schedules(user, saved.report_id):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"{as_text(each.recipient)} · {as_text(each.broken or _when(view, each))}")
                st.button(words("reports.end"), key=f"end_{each.schedule_id}", icon=":material/cancel_schedule_send:",
                          on_click=_end, args=(each.schedule_id,))  # fmt: skip
        _new_schedule(view, saved, clocks)
        sent = send.deliveries(user, saved.report_id, limit=LISTED)
        if sent:
            for row in sent:
                row["status"] = words(f"reports.status_{row['status']}")
            table(
                view, frame(sent, list(DELIVERIES)), DELIVERIES, alt=words("reports.by_mail"), key="report_deliveries"
            )


def _end(schedule_id: str) -> None:
    with clicked(NOT_SCHEDULED), one_of(NOT_SCHEDULED):
        once(("schedule_end", schedule_id), lambda: schedule.end(current_user(), schedule_id))


def _when(view: View, each: schedule.Schedule) -> str:
    words, when = view.words, each.when
    said = reports.wording(words)
    days = ", ".join(words(f"reports.day_{day}") for day in when.weekdays)
    if when.month_day:
        is_last = when.month_day == schedule.LAST_DAY
        days = words("reports.last_day") if is_last else words("reports.month_day", day=when.month_day)
    narrowed = "; ".join(f"{said.column(f.column)}: {', '.join(f.among)}" for f in each.filters)
    hour = f"{when.hour:02d}:00 {when.timezone}"
    file = f"{file_label(view, each.format)}, {words(f'campaigns.language.{each.language}')}"
    return " · ".join(filter(None, (days, hour, file, narrowed)))


def _own_zone() -> str:
    """Where the browser is; in UTC where it does not say."""
    return st.context.timezone if st.context.timezone in time_zones() else "UTC"


@cache
def time_zones() -> list[str]:
    """Those of places, as America/Lima, and UTC."""
    return ["UTC", *sorted(name for name in available_timezones() if name.startswith(CONTINENTS))]


def _new_schedule(view: View, saved: Saved, clocks: Clocks) -> None:
    words, said = view.words, reports.wording(view.words)
    st.text_input(words("reports.recipient"), key="mail_to", placeholder="ana@example.com")
    with st.container(horizontal=True):
        kinds = {"week": words("reports.weekly"), "month": words("reports.monthly")}
        kind = st.segmented_control(
            words("reports.every"), list(kinds), default="week", required=True, format_func=kinds.__getitem__,
            key="mail_kind",
        )  # fmt: skip
        if kind == "week":
            toggled(
                words("reports.weekdays"), range(1, 8), lambda day: words(f"reports.day_{day}"), "mail_weekdays", [1]
            )  # fmt: skip
        else:
            st.selectbox(
                words("reports.on_day"), [*range(1, 29), schedule.LAST_DAY], key="mail_month_day", width=200,
                format_func=lambda day: words("reports.last_day") if day == schedule.LAST_DAY else str(day),
            )  # fmt: skip
        st.number_input(words("reports.hour"), 0, 23, 7, key="mail_hour", width=130)
        zones = time_zones()
        st.selectbox(words("reports.timezone"), zones, zones.index(_own_zone()), key="mail_zone", width=240)
    with st.container(horizontal=True):
        st.selectbox(words("reports.format"), FORMATS, key="mail_format", width=180,
                     format_func=lambda format: file_label(view, format))  # fmt: skip
        codes = [view.words.language.lower(), *(code for code in LOCALES if code != view.words.language.lower())]
        st.selectbox(words("reports.language"), codes, key="mail_language", width=150,
                     format_func=lambda code: words(f"campaigns.language.{code}"))  # fmt: skip
        _own_filters(view, saved, clocks)
        st.toggle(words("reports.skip_empty"), value=True, key="mail_skip")
    # the id is as old as the form, so that a double click schedules once
    schedule_id = answers().setdefault(NEW_SCHEDULE, str(uuid.uuid4()))
    st.button(words("reports.schedule"), icon=":material/schedule_send:", key=f"schedule_{schedule_id}",
              on_click=_add, args=(saved.report_id, schedule_id))  # fmt: skip
    refused = told(NOT_SCHEDULED)
    if refused:
        st.error(as_text(refused.told(words)), icon=":material/error:")
    st.caption(said("said.currency_own").capitalize() + ".")


def _add(report_id: str, schedule_id: str) -> None:
    """With what stands in the form when it is clicked."""
    form = {
        name.removeprefix("mail_"): value for name, value in st.session_state.items() if str(name).startswith("mail_")
    }
    is_weekly = form["kind"] == "week"
    when = schedule.When(
        tuple(form["weekdays"]) if is_weekly else (), None if is_weekly else form["month_day"], int(form["hour"]),
        form["zone"],
    )  # fmt: skip
    column = form["column"]
    # what was typed a moment ago is not looked up yet, and without it the report would go out whole
    among = (*form.get(f"values_{column}", ()), *typed_in(f"mail_values_{column}"))
    with clicked(NOT_SCHEDULED) as kept:
        if column and not among:
            # nothing was chosen, or what was typed was looked up and no row has it
            raise ConfigError("no value is chosen to narrow the report to", "choose one, or everything")
        schedule.add(
            current_user(), report_id, form["to"], when, language=form["language"], format=form["format"],
            filters=[Filter(column=column, among=among)] if column else [], skips_empty=form["skip"],
            schedule_id=schedule_id,
        )  # fmt: skip
        kept.pop(NEW_SCHEDULE, None)
        kept[TOLD] = _done("reports.scheduled", recipient=form["to"])


def _own_filters(view: View, saved: Saved, clocks: Clocks) -> None:
    """What this recipient gets of the report: one column that all parts have, and its values."""
    words, said = view.words, reports.wording(view.words)
    columns = ["", *common_dimensions(saved.document)]
    column = st.selectbox(
        words("reports.only"), columns, key="mail_column", width=200,
        format_func=lambda name: said.column(name) if name else words("reports.everything"),
    )  # fmt: skip
    if column:
        key = f"mail_values_{column}"
        there = offered_values(view, saved.document.parts[0].mart, column, clocks, key)
        added(
            said.column(column), there.values, lambda value: value or said("value.none"), key,
            words("reports.choose_or_type" if there.note else "reports.choose"), typing=there.note,
        )  # fmt: skip
