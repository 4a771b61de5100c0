"""Reading quarantined rows again: once, whatever is clicked twice; and what became of them, in words."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from cartera.errors import Busy
from dashboards.components.actor import current_actor
from dashboards.components.clicks import answers, once, told
from dashboards.components.states import Refusal, refusing
from dashboards.components.view import View, as_text
from dashboards.i18n import Words
from dashboards.queries import quarantine
from dashboards.queries.quarantine import Group, Replayed

LAST, ROUND = "replayed", "replay_round"
MOST_REASONS = 5


def turn() -> int:
    """Grows with each replay: a late second click is of the page as it was drawn before, and does nothing."""
    played: int = answers().get(ROUND, 0)
    return played


def replay_buttons(view: View, group: Group, count: int, row: pd.Series | None) -> None:
    """For the group, for all of its source, and for the row that was clicked."""
    words = view.words
    if not quarantine.may_replay(current_actor()):
        st.caption(words("quarantine.not_yours"))
        return
    st.button(
        words.counted("quarantine.replay", count),
        icon=":material/replay:",
        help=words("quarantine.replay_help"),
        **_of(words, group),
    )
    st.button(
        words("quarantine.replay_source", source=as_text(group.source)),
        icon=":material/replay:",
        **_of(words, Group(group.source)),
    )
    if row is not None:
        st.button(
            words("quarantine.replay_one", row=as_text(row["place"])),
            icon=":material/replay:",
            help=words("quarantine.replay_one_help"),
            **_of(words, group, int(row["quarantine_id"])),
        )


def _of(words: Words, group: Group, quarantine_id: int | None = None) -> dict[str, Any]:
    return {
        "key": f"replay_{quarantine.subject(group, quarantine_id)}_{turn()}",
        "on_click": _replay,
        "args": (words, group, quarantine_id, turn()),
    }


def _replay(words: Words, group: Group, quarantine_id: int | None, drawn: int) -> None:
    """Runs before the page is drawn again."""

    kept = answers()

    def refused(refusal: Refusal) -> None:
        kept[LAST] = refusal

    with refusing(refused), st.spinner(words("quarantine.replaying")):
        actor = current_actor()
        form = ("replay", group, quarantine_id, drawn)
        kept[LAST] = once(form, lambda: quarantine.replay(actor, group, quarantine_id))
        kept[ROUND] = drawn + 1


def say_what_was_replayed(view: View) -> None:
    """Once: what the last click did, or why it did nothing."""
    words, last = view.words, told(LAST)
    if isinstance(last, Refusal):
        problem = words("quarantine.busy") if isinstance(last.error, Busy) else last.told(words)
        st.error(words("quarantine.not_replayed", problem=as_text(problem)), icon=":material/error:")
    elif isinstance(last, Replayed):
        _say(words, last)


def _say(words: Words, last: Replayed) -> None:
    bad = sum(reason.records for reason in last.still_bad)
    said = [words.counted("quarantine.landed", last.landed), words("quarantine.next_run")] if last.landed else []
    if last.superseded:
        said.append(words.counted("quarantine.superseded", last.superseded))
    if bad:
        said.append(words.counted("quarantine.still_bad", bad))
    if not said:
        st.info(words("quarantine.nothing_open"), icon=":material/done_all:")
        return
    lines = [
        f"\n- {words.number(reason.records)} × {words.named('quarantine.reason', reason.reason_code)}:"
        f" {as_text(reason.message)}"
        for reason in last.still_bad[:MOST_REASONS]
    ]
    text = " ".join(said) + "".join(lines)
    (st.warning if bad else st.success)(text, icon=":material/sync_problem:" if bad else ":material/check_circle:")
