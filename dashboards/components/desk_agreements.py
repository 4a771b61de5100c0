"""What is agreed with a customer and still holds: promises, plans, disputes, holds; each can be ended by who may."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import streamlit as st

from cartera import desk
from cartera.desk import Actor
from cartera.errors import Conflict
from dashboards.components import kept_words, states
from dashboards.components.actor import current_actor, still
from dashboards.components.clicks import answers, clicked, drawn_anew, one_of
from dashboards.components.desk_conflict import event_name
from dashboards.components.view import View, as_text
from dashboards.queries.session import acting
from dashboards.queries.worklist import file_of

End = Callable[[Actor, str], Any]
CHANGED, REFUSED = "agreements_changed", "agreements_refused"


@st.fragment
def agreements(view: View, actor: Actor, customer_id: str, today: dt.date) -> None:
    """One line for each, with the version that its button was drawn with: an older one is refused, and told."""
    words = view.words
    with states.plainly(words), acting(current_actor()):
        if answers().pop(CHANGED, False):
            st.rerun()
        refused = answers().pop(REFUSED, None)
        if refused:
            st.warning(as_text(refused), icon=":material/group:")
        filed = file_of(customer_id)
        lines = list(_lines(view, actor, filed, today))
        if filed.notes:
            last = filed.notes[0]
            st.info(
                f"{as_text(last.text)}  \n{as_text(last.by)} · {words.moment(last.at)}", icon=":material/sticky_note_2:"
            )
        if not lines:
            return
        st.markdown(f"**{words('desk.agreed')}**")
        drawn_anew(CHANGED)
        for id, text, button, end in lines:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(as_text(text.removesuffix(" · ")), width="stretch")
                if end is not None and button == "desk.close":
                    with st.popover(words(button), type="tertiary"):
                        kept_words.line(words, "desk.field_resolution", actor, customer_id, id, REFUSED)
                        _button(view, actor, "desk.close_now", end, id)
                elif end is not None:
                    _button(view, actor, button, end, id)


def _button(view: View, actor: Actor, label: str, end: End, id: str) -> None:
    st.button(view.words(label), key=f"end_{id}", type="tertiary", on_click=_end, args=(view, actor, end, id))


def _end(view: View, actor: Actor, end: End, id: str) -> None:
    def refused(error: Exception, text: str) -> str:
        if isinstance(error, Conflict):
            theirs = (
                f"{each.by}, {view.words.moment(each.at)}, {event_name(view.words, each.kind)}" for each in error.theirs
            )
            text = view.words("desk.changed_first", theirs=" · ".join(theirs))
        return text

    with clicked(view.words, REFUSED, refused) as told, one_of(CHANGED):
        end(still(actor), kept_words.action_id(actor, id))
        told[CHANGED] = True


def _lines(
    view: View, actor: Actor, filed: desk.CustomerFile, today: dt.date
) -> Iterator[tuple[str, str, str, End | None]]:
    """What tells it apart with its version, its text, the button's text key, and what the button does."""
    words, id = view.words, filed.customer_id
    for each in filed.promises:
        if each.is_cancelled or each.plan_id:
            continue
        state = words("desk.promise_due" if each.promised_date >= today else "desk.promise_past")
        text = words("desk.line_promise", amount=words.money(each.amount, each.currency_code),
                     date=words.date(each.promised_date), state=state, by=each.by, note=each.note)  # fmt: skip
        cancel = _cancel_promise(id, each) if each.promised_date >= today and desk.may(actor, "promise") else None
        yield f"{each.promise_id}/{each.version}", text, "desk.cancel", cancel
    for plan in filed.plans:
        if not plan.is_cancelled and plan.parts[-1].promised_date >= today:
            parts = "; ".join(
                f"{words.date(part.promised_date)} {words.money(part.amount, plan.currency_code)}"
                for part in plan.parts
            )
            text = words("desk.line_plan", parts=parts, by=plan.by, note=plan.note)
            yield f"{plan.plan_id}/{plan.version}", text, "desk.cancel", _cancel_plan(id, plan)
    for dispute in filed.disputes:
        if dispute.resolved_date is None:
            text = words(
                "desk.line_dispute",
                amount=_contested(view, dispute),
                reason=dispute.reason,
                date=words.date(dispute.opened_date),
                by=dispute.by,
                note=dispute.note,
            )
            yield (
                f"{dispute.dispute_id}/{dispute.version}",
                text,
                "desk.close",
                _close(id, dispute, f"{dispute.dispute_id}/{dispute.version}"),
            )
    for hold in filed.holds:
        if hold.released_at is None and (hold.until is None or hold.until >= today):
            until = words.date(hold.until) if hold.until else words("desk.until_released")
            text = words(
                "desk.line_hold", kind=words(f"hold.{hold.kind}"), until=until, by=hold.held_by, note=hold.note
            )
            # one that rests on the law is not shown a button that would be refused
            release = _release(id, hold) if desk.may_release(actor, hold.kind) else None
            yield f"hold-{hold.hold_id}/{hold.version}", text, "desk.release", release


def _contested(view: View, dispute: desk.Dispute) -> str:
    """How much: of so many invoices, or of all that was owed then."""
    of = view.words.counted("desk.line_items", len(dispute.item_ids)) if dispute.item_ids else ""
    amount = dispute.amount and view.words.money(dispute.amount, dispute.currency_code)
    return " · ".join(filter(None, (amount or view.words("promises.whole"), of)))


def _cancel_promise(id: str, of: desk.Promise) -> End:
    return lambda who, action_id: desk.cancel_promise(who, action_id, id, of.promise_id, seen=of.version)


def _cancel_plan(id: str, of: desk.Plan) -> End:
    return lambda who, action_id: desk.cancel_plan(who, action_id, id, of.plan_id, seen=of.version)


def _close(id: str, of: desk.Dispute, thing: str) -> End:
    """With the words that stand in the field when it is clicked."""

    def end(who: Actor, action_id: str) -> None:
        desk.close_dispute(who, action_id, id, of.dispute_id, seen=of.version, resolution=kept_words.typed(thing))
        kept_words.drop(who, id, thing)

    return end


def _release(id: str, of: desk.Hold) -> End:
    return lambda who, action_id: desk.release_hold(who, action_id, id, of.hold_id, seen=of.version)
