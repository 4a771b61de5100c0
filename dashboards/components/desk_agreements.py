"""What is agreed with a customer and still holds: promises, plans, disputes, holds; each can be ended by who may."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from cartera import desk
from cartera.desk import Actor
from cartera.errors import Conflict
from cartera.warehouse.variables import number
from dashboards.components import kept_words, states
from dashboards.components.actor import current_actor, still
from dashboards.components.clicks import answers, clicked, drawn_anew, one_of
from dashboards.components.desk_conflict import event_name
from dashboards.components.desk_in_force import in_force, line_of
from dashboards.components.states import Refusal
from dashboards.components.view import View, as_text
from dashboards.i18n import Words
from dashboards.queries.session import acting
from dashboards.queries.worklist import file_of

Kind = Literal["cancel_promise", "cancel_plan", "close_dispute", "release_hold"]
End = Callable[[Actor, str, str], Any]
"""Of who ends it, the action's id, and the words typed for it."""
CHANGED, ENDED, REFUSED = "agreements_changed", "agreements_ended", "agreements_refused"
DRAWN = "agreements_drawn"
"""Whose lines stand on the page, which, and what is told of those that others ended."""


@dataclass(frozen=True)
class Line:
    """One agreement with its version. `end` None: it can't be ended any more, or not by who looks."""

    id: str
    text: str
    kind: Kind
    end: End | None


@st.fragment
def agreements(view: View, customer_id: str, today: dt.date) -> None:
    """One line for each, with the version that its button was drawn with: an older one is refused, and told."""
    words = view.words
    # as they stand now, not when the page was drawn
    with states.plainly(words), acting(actor := current_actor()):
        if not desk.sees(actor, customer_id):
            return
        if answers().pop(CHANGED, False):
            st.rerun()
        theirs = _say(words, customer_id)
        filed = file_of(customer_id)
        lines = list(_lines(view, actor, filed, today))
        _say_overtaken(words, actor, filed, {line.id for line in lines}, theirs)
        if not lines:
            return
        st.markdown(f"**{words('desk.agreed')}**")
        drawn_anew(CHANGED)
        for line in lines:
            with st.container(horizontal=True, vertical_alignment="center", wrap=False):
                st.markdown(as_text(line.text.removesuffix(" · ")), width="stretch")
                if line.end is not None:
                    _ending(words, actor, customer_id, line, line.end)


def last_said(view: View, customer_id: str) -> None:
    """The last call and the last note: what whoever calls now has to know first."""
    words, filed = view.words, file_of(customer_id)
    said = [
        (":material/call:", each.at, each.by, " · ".join(filter(None, (words(f"outcome.{each.outcome}"), each.note))))
        for each in filed.calls[:1]
    ]
    said += [(":material/sticky_note_2:", each.at, each.by, each.text) for each in filed.notes[:1]]
    for icon, at, by, text in sorted(said, key=lambda each: each[1], reverse=True):
        st.markdown(f"{icon} {as_text(text)}  \n:small[:gray[{as_text(by)} · {as_text(words.moment(at))}]]")


def _ending(words: Words, actor: Actor, customer_id: str, line: Line, end: End) -> None:
    """Asked once more, with room for the reason: what is ended does not come back."""
    with st.popover(words(f"desk.{line.kind}"), type="tertiary", key=f"ending_{line.id}"):
        label = "desk.field_resolution" if line.kind == "close_dispute" else "desk.field_why"
        kept_words.line(words, label, actor, customer_id, line.id, REFUSED)
        st.button(words(f"desk.{line.kind}_now"), key=f"end_{line.id}", on_click=_end,
                  args=(actor, customer_id, line, end))  # fmt: skip


def _end(actor: Actor, customer_id: str, line: Line, end: End) -> None:
    """With the words that stand in the field when it is clicked."""
    with clicked(REFUSED) as told, one_of(CHANGED):
        end(still(actor), kept_words.action_id(actor, line.id), kept_words.typed(line.id))
        kept_words.drop(actor, customer_id, line.id)
        told[CHANGED], told[ENDED] = True, (customer_id, line.kind)


def _say(words: Words, customer_id: str) -> Sequence[desk.Action]:
    """Once: what the last click did, or why it did nothing; where others were first, what they did."""
    refused, ended = answers().pop(REFUSED, None), answers().pop(ENDED, None)
    if isinstance(refused, Refusal):
        if isinstance(refused.error, Conflict):
            return refused.error.theirs
        st.warning(as_text(refused.told(words)), icon=":material/block:")
    elif ended and ended[0] == customer_id:
        st.success(words("desk.done_end", what=event_name(words, ended[1])), icon=":material/check_circle:")
    return ()


def _say_overtaken(
    words: Words, actor: Actor, filed: desk.CustomerFile, ids: set[str], theirs: Sequence[desk.Action]
) -> None:  # fmt: skip
    """Who ended what stood here until now, with the words that one was typing for it. Told while the customer is open.

    `theirs`: what a click was refused for; else what others did to lines that are gone.
    """
    customer_id, drawn, told = st.session_state.get(DRAWN, (None, set(), []))
    if customer_id != filed.customer_id:
        drawn, told = set(), []
    gone = {id.rsplit("/", 1)[0].removeprefix("hold-"): id for id in drawn - ids}
    ended = theirs or [
        each
        for each in filed.actions
        if each.by != actor.user and each.thing_id in gone and each.version > int(gone[each.thing_id].rsplit("/", 1)[1])
    ]
    told = [(each, kept_words.typed(gone.get(each.thing_id, ""))) for each in ended] or told
    st.session_state[DRAWN] = filed.customer_id, ids, told
    for action, lost in told:
        text = words(
            "desk.changed_first",
            theirs=f"{action.by}, {words.moment(action.at)}, {event_name(words, action.kind)}",
        )
        also = f"  \n{as_text(words('desk.had_typed', text=lost))}" if lost else ""
        st.warning(as_text(text) + also, icon=":material/group:")


def _lines(view: View, actor: Actor, filed: desk.CustomerFile, today: dt.date) -> Iterator[Line]:
    words, id = view.words, filed.customer_id

    def line(thing: str, text: str, kind: Kind, end: End, *, is_open: bool = True) -> Line:
        return Line(thing, text, kind, end if is_open and desk.may(actor, kind) else None)

    grace = dt.timedelta(days=number("promise_grace_days"))
    for each in filed.promises:
        # also one whose day has passed, without a button, until its days of grace are over: then it is kept or broken
        if each.is_cancelled or each.plan_id or each.promised_date + grace < today:
            continue
        yield line(
            f"{each.promise_id}/{each.version}",
            line_of(words, each, today),
            "cancel_promise",
            _cancel_promise(id, each),
            is_open=each.promised_date >= today,
        )
    for agreed in in_force(filed, today):
        if isinstance(agreed, desk.Plan):
            text = line_of(words, agreed, today)
            yield line(f"{agreed.plan_id}/{agreed.version}", text, "cancel_plan", _cancel_plan(id, agreed))
        elif isinstance(agreed, desk.Dispute):
            text = line_of(words, agreed, today)
            yield line(f"{agreed.dispute_id}/{agreed.version}", text, "close_dispute", _close(id, agreed))
    for hold in filed.holds:
        if hold.released_at is None and (hold.until is None or hold.until >= today):
            until = words.date(hold.until) if hold.until else words("desk.until_released")
            text = words(
                "desk.line_hold", kind=words(f"hold.{hold.kind}"), until=until, by=hold.held_by, note=hold.note
            )
            # one that rests on the law is not shown a button that would be refused
            is_mine = desk.may_release(actor, hold.kind)
            yield line(f"hold-{hold.hold_id}/{hold.version}", text, "release_hold", _release(id, hold), is_open=is_mine)


def _cancel_promise(id: str, of: desk.Promise) -> End:
    return lambda who, action_id, why: desk.cancel_promise(
        who, action_id, id, of.promise_id, seen=of.version, note=why
    )  # fmt: skip


def _cancel_plan(id: str, of: desk.Plan) -> End:
    return lambda who, action_id, why: desk.cancel_plan(who, action_id, id, of.plan_id, seen=of.version, note=why)


def _close(id: str, of: desk.Dispute) -> End:
    return lambda who, action_id, why: desk.close_dispute(
        who, action_id, id, of.dispute_id, seen=of.version, resolution=why
    )  # fmt: skip


def _release(id: str, of: desk.Hold) -> End:
    return lambda who, action_id, why: desk.release_hold(who, action_id, id, of.hold_id, seen=of.version, note=why)
