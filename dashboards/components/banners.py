"""What the reader must know before believing the figures: old, stopped by a gate, warned about."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from cartera.clock import utc_now
from cartera.settings import get_settings
from cartera.warehouse.read import Publication, Row
from dashboards.components.access import may_open
from dashboards.components.view import View, as_text
from dashboards.i18n import checks as check_words
from dashboards.i18n import log
from dashboards.queries import runs
from dashboards.queries.session import actor

LISTED_CHECKS = 5
HEALTH_PAGE = "app_pages/data_health.py"


def sidebar(view: View) -> None:
    """The last publication, on every page."""
    if view.reading.published is None:
        return
    words, publication = view.words, view.reading.published
    with st.sidebar.container(border=True, gap="xsmall"):
        st.caption(words("stamp.sidebar_as_of"))
        st.markdown(f"**{words.date(publication.as_of_date)}**")
        st.caption(words("stamp.sidebar_published"))
        st.markdown(f"{words.ago(publication.published_at)}  \n:small[{words.moment(publication.published_at)}]")


def show(view: View, *, links_to_health: bool) -> None:
    """Banners in order of weight. Raises DatabaseError."""
    publication = view.reading.published
    if _stopped(view, publication) and links_to_health and may_open(actor(), "data_health"):
        st.page_link(HEALTH_PAGE, label=view.words("state.open_health"), icon=":material/arrow_forward:")
    if publication is not None:
        _stale(view, publication)
        _stopped_sources(view)
        _warnings(view, publication)


def _stopped(view: View, publication: Publication | None) -> bool:
    """Whether the newest run was ended by a gate or an error; says so."""
    run = runs.stopped_since(view.reading, publication.published_at if publication else None)
    if run is None:
        return False
    words, before_first = view.words, "" if publication else "_first"
    published = words.moment(publication.published_at) if publication else ""
    text = words(f"state.{run['status']}{before_first}", moment=words.moment(run["started_at"]), published=published)
    if view.reading.companies is not None:
        st.error(f"{text} {words('state.why_elsewhere')}", icon=":material/front_hand:")
        return True
    if run["status"] == "stopped":
        text += f" {words('state.failed_checks')}"
    failed = runs.failed_checks(view.reading, run["run_id"], "critical")
    logged = runs.message(view.reading, run["run_id"]) or "—"
    reason = _listed(view, failed) or f"\n- {as_text(logged)}{_log_note(view)}"
    st.error(f"{text}\n{reason}\n\n{words('state.stopped_do')}", icon=":material/front_hand:")
    return True


def _stale(view: View, publication: Publication) -> None:
    """Published too long ago, or for a day long past (a run of today with an earlier --as-of)."""
    words, now, limit = view.words, utc_now(), dt.timedelta(hours=get_settings().stale_after_hours)
    if now - publication.published_at > limit:
        text = words(
            "state.stale",
            ago=words.ago(publication.published_at),
            moment=words.moment(publication.published_at),
        )
        st.warning(text, icon=":material/schedule:")
    elif now.date() - publication.as_of_date > limit:
        days = (now.date() - publication.as_of_date).days
        text = words("state.old_as_of", date=words.date(publication.as_of_date), days=words.number(days))
        st.info(text, icon=":material/history:")


def _stopped_sources(view: View) -> None:
    """What a source that could not be read last time had given before goes on serving: say how old it is."""
    words = view.words
    for source in runs.stopped_sources(view.reading):
        read_at = words.moment(source["read_at"]) if source["read_at"] else "—"
        text = words(
            "state.source_stopped",
            source=as_text(source["source"]),
            moment=words.moment(source["stopped_at"]),
            read_at=read_at,
        )
        if view.reading.companies is not None:
            st.warning(f"{text} {words('state.why_elsewhere')}", icon=":material/sync_problem:")
            continue
        told = log.message(words, source["message"])
        text += f" {words('state.what_was_seen')}"
        if told:
            said = as_text(told)
        else:
            # what held it back; then as an error of ours writes it: what is wrong, and how to mend it
            logged = "\n\n".join(map(as_text, (source["message"] or "—").split("\n  mend: ")))
            said = f"**{log.guard(words, source['message'])}**\n\n{logged}{_log_note(view)}"
        st.warning(f"{text}\n\n{said}", icon=":material/sync_problem:")


def _warnings(view: View, publication: Publication) -> None:
    warned = runs.failed_checks(view.reading, publication.run_id, "warning")
    if warned:
        with st.expander(view.words.counted("state.warnings", len(warned)), icon=":material/warning:"):
            st.markdown(_listed(view, warned))


def _log_note(view: View) -> str:
    note = log.note(view.words)
    return f"\n\n:small[{note}]" if note else ""


def _listed(view: View, checks: list[Row]) -> str:
    """What checks say, in the reader's language where it is the product's own text."""
    said = [(check, check_words.message(view.words, check)) for check in checks[:LISTED_CHECKS]]
    lines = [
        f"\n- **{as_text(check['subject'])}**: {as_text(told or check['message'] or check['check_name'])}"
        for check, told in said
    ]
    if len(checks) > LISTED_CHECKS:
        lines.append("\n- " + view.words("state.more", count=len(checks) - LISTED_CHECKS))
    if any(told is None for _, told in said):
        lines.append(_log_note(view))
    return "".join(lines)
