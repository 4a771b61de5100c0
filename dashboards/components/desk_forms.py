"""Recording at the desk: call, promise, plan, dispute, note, hold, consent, contact data; once, never over others.

The action id was made when the form opened and is in the button's key: a second click finds no such button, or does the
same thing again, which is one thing.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

import streamlit as st

from cartera import desk
from cartera.errors import ConfigError, RecordedAlready
from cartera.money import minor_units
from dashboards.components import filters, states
from dashboards.components.actor import current_actor, still
from dashboards.components.clicks import answers
from dashboards.components.desk_conflict import conflict_panel
from dashboards.components.desk_fields import (
    AGREED,
    ALREADY,
    CHANNELS,
    CONFLICT,
    LONGEST_ADDRESS,
    MONTH,
    NEXT,
    RECORDED,
    REDRAW,
    REFUSED,
    Form,
    Owing,
    every,
)
from dashboards.components.desk_in_force import says_in_force, says_reach
from dashboards.components.desk_wish import record_wish, wish_fields
from dashboards.components.view import View, as_text
from dashboards.queries.session import acting

FORMS = ("call", "promise", "plan", "dispute", "note", "hold", "wish", "contact")
FOLLOWS = {
    "right_party_promise": "promise", "right_party_dispute": "dispute", "wrong_party": "contact",
    "invalid_number": "contact",
}  # fmt: skip
"""What is recorded next after a call that ended so."""
USUAL_REASONS = ("price", "quantity", "quality", "not_delivered", "not_ordered", "paperwork")
RECORD_KEY = "Mod+Enter"
MOST_REASONS, LONGEST_REASON = 8, 60
"""Of a dispute: how many are offered, and the characters of one that still reads as a word to be clicked."""
PARTS, EVERY = (2, 3, 4, 5, 6, 8, 10, 12, 18, 24), ("7", "14", "30", MONTH)

__all__ = ["Owing", "forms"]


@st.fragment
def forms(view: View, owing: Owing, named: str | None) -> None:
    """One form at a time; what is typed in the others waits. The list is drawn anew once something is recorded.

    `named`: the customer of the address as the page was drawn.
    """
    words = view.words
    if st.query_params.get("customer") not in (named, owing.customer_id):
        # a click on the next one that came together with what was typed: Streamlit draws this form alone
        st.rerun()
    # as they stand now: a click here draws this alone, of a page that may be older than their rights
    with states.plainly(words), acting(actor := current_actor()):
        if not desk.sees(actor, owing.customer_id):
            return
        told = answers()
        if told.pop(REDRAW, False):
            st.rerun()
        done = told.get(RECORDED)
        if done and done["customer_id"] == owing.customer_id:
            st.success(done["text"], icon=":material/check_circle:")
        offered = {
            name: words(f"desk.{name}") for name in FORMS if desk.may(actor, "repair" if name == "contact" else name)
        }
        name = _chosen(view, offered, told.pop(NEXT, None))
        form = Form.opened(words, actor, owing, name)
        if form.draft.fields and "customer" not in st.query_params:
            # a reload leads back to what was being typed, whoever is the first of the list by then
            st.query_params["customer"] = owing.customer_id
        _FIELDS[name](form)
        if not _told(form):
            st.button(words("desk.record"), key=f"record_{form.draft.action_id}", icon=":material/save:",
                      shortcut=RECORD_KEY, on_click=_record, args=(form,))  # fmt: skip
        st.caption(words("desk.kept"))


def _chosen(view: View, offered: Mapping[str, str], asked: str | None) -> str:
    """What is recorded: the one that was asked for, or chosen; of a single one nothing is asked."""
    first = next(iter(offered))
    if len(offered) == 1:
        return first
    if asked in offered:
        st.session_state[f"do_{view.words.language}"] = asked
    key = filters.linked(view, "do", offered, first)
    chosen = st.segmented_control(view.words("desk.do"), list(offered), format_func=lambda name: offered[name],
                                  key=key, required=True)  # fmt: skip
    return filters.link("do", chosen or first, first)


def _told(form: Form) -> bool:
    """What came of the last attempt: refused with the reason, or others were first; then it has buttons of its own."""
    refused = form.told.get(REFUSED)
    if refused and refused["action_id"] == form.draft.action_id:
        st.error(as_text(refused["refusal"].told(form.words)), icon=":material/block:")
    before = form.told.get(ALREADY)
    if before and before["action_id"] == form.draft.action_id:
        st.warning(form.words("desk.recorded_before", moment=form.words.moment(before["at"])), icon=":material/group:")
        st.button(form.words("desk.throw_away"), key=f"drop_{form.draft.action_id}", icon=":material/delete:",
                  on_click=_drop, args=(form,))  # fmt: skip
    found = form.told.get(CONFLICT)
    is_conflict = bool(found) and found["action_id"] == form.draft.action_id
    if is_conflict:
        conflict_panel(form, found["theirs"], found["version"], again=_again, drop=_drop)
    return is_conflict


def _record(form: Form) -> None:
    """Runs before anything is drawn again; the same action id twice does one thing."""
    for subject in (REFUSED, CONFLICT, ALREADY, RECORDED, AGREED):
        form.told.pop(subject, None)
    with states.refusing(form.refused):
        # as the person stands now: what they clicked may have been drawn a while ago
        try:
            text, follows = _DO[form.name](replace(form, actor=still(form.actor)))
        except RecordedAlready as error:
            form.anew(error.at, form.fields())
            form.told[REDRAW] = True
            return
        form.end()
        form.told[RECORDED] = {"customer_id": form.owing.customer_id, "text": text}
        form.told[NEXT], form.told[REDRAW] = follows, True


def _again(form: Form, version: int) -> None:
    """Having seen what others did up to this version: record ours as well, on top of theirs; but not of what they did
    after it was shown."""
    with states.refusing(form.refused):
        _record(form.with_seen(version))


def _drop(form: Form) -> None:
    with states.refusing(form.refused):
        form.end()
        form.told.pop(CONFLICT, None)
        form.told.pop(ALREADY, None)
        form.told[REDRAW] = True


def _where(form: Form) -> str:
    offered = {f"{company}/{code}": f"{company} · {code}" for company, code in form.owing.places}
    return form.where(offered) or ""


def _owed(form: Form, place: str) -> None:
    """What is late and what is open there, of the invoices that are chosen: so much can be promised or contested."""
    words, chosen = form.words, form.given_items()
    meant = [row for row in form.owing.items_at(place) if not chosen or row["item_id"] in chosen]
    sums = {
        name: sum((row["open_amount"] for row in meant if name == "whole" or row["days_past_due"] > 0), Decimal(0))
        for name in ("late", "whole")
    }
    code = place.rpartition("/")[2]
    st.caption(words("desk.owed", **{name: as_text(words.money(amount, code)) for name, amount in sums.items()}))


def _items(form: Form, place: str) -> None:
    words = form.words
    offered = {
        row["item_id"]: f"{row['document_number'] or row['item_id']} · {words.date(row['due_date'])} · "
        f"{words.money(row['open_amount'], row['currency_code'])}"
        for row in form.owing.items_at(place)
    }
    is_open = not form.items(offered)
    if place:
        _owed(form, place)
        if is_open:
            says_reach(form, place)
        says_in_force(form, place)


def _call_fields(form: Form) -> None:
    form.choice("outcome", {name: form.words(f"outcome.{name}") for name in desk.OUTCOMES})
    form.text("note")


def _call(form: Form) -> tuple[str, str | None]:
    outcome = next((name for name in desk.OUTCOMES if name == form.given("outcome")), None)
    if outcome is None:
        raise ConfigError("how the call ended is not chosen", "choose one")
    is_right = outcome.startswith("right_party")
    done = desk.record_call(form.actor, form.draft.action_id, form.owing.customer_id, outcome=outcome,
                            is_right_party=is_right, note=form.given("note"))  # fmt: skip
    return form.words("desk.done_call", outcome=form.words(f"outcome.{done.outcome}")), FOLLOWS.get(outcome)


def _promise_fields(form: Form) -> None:
    place = _where(form)
    with st.container(horizontal=True):
        form.amount("amount", needed=True)
        form.date("date", form.owing.today, needed=True)
    _items(form, place)
    form.text("note")


def _promise(form: Form) -> tuple[str, str | None]:
    amount, date = form.given_amount("amount"), form.given_date("date")
    assert amount is not None and date is not None
    made = desk.promise(form.actor, form.draft.action_id, form.owing.customer_id, *form.given_place(), amount, date,
                        item_ids=form.given_items(), note=form.given("note"), seen=form.draft.seen)  # fmt: skip
    form.told[AGREED] = made.promise_id
    money = as_text(form.words.money(made.amount, made.currency_code))
    return form.words("desk.done_promise", amount=money, date=form.words.date(made.promised_date)), None


def _plan_fields(form: Form) -> None:
    place = _where(form)
    with st.container(horizontal=True):
        form.amount("amount", needed=True)
        form.date("date", form.owing.today, needed=True)
        form.choice("parts", {str(n): form.words.number(n) for n in PARTS}, default="3")
        form.choice("every", {each: every(form.words, each) for each in EVERY}, default=MONTH)
    _items(form, place)
    form.text("note")
    try:
        lines = [
            f"{form.words.date(day)}: {form.words.money(amount, form.given_place()[1])}" for day, amount in _parts(form)
        ]
        st.caption(as_text(" · ".join(lines)))
    except ConfigError:
        st.caption(form.words("desk.parts_follow"))


def _parts(form: Form) -> list[tuple[dt.date, Decimal]]:
    """Equal parts to the smallest unit; the last one has what is left over."""
    total, first = form.given_amount("amount"), form.given_date("date")
    assert total is not None and first is not None
    count, step = int(form.given("parts") or 3), form.given("every") or MONTH
    unit = Decimal(1).scaleb(-minor_units(form.given_place()[1]))
    part = (total / count).quantize(unit)
    amounts = [part] * (count - 1) + [total - part * (count - 1)]
    return [(_later(first, step, number), amount) for number, amount in enumerate(amounts)]


def _later(first: dt.date, step: str, number: int) -> dt.date:
    if step != MONTH:
        return first + dt.timedelta(days=int(step) * number)
    # not months_before, to which 30 June is the end of a month, and a month later the end of July
    year, month = divmod(12 * first.year + first.month - 1 + number, 12)
    return dt.date(year, month + 1, min(first.day, calendar.monthrange(year, month + 1)[1]))


def _plan(form: Form) -> tuple[str, str | None]:
    made = desk.plan(form.actor, form.draft.action_id, form.owing.customer_id, *form.given_place(), _parts(form),
                     item_ids=form.given_items(), note=form.given("note"), seen=form.draft.seen)  # fmt: skip
    form.told[AGREED] = made.plan_id
    last = form.words.date(made.parts[-1].promised_date)
    return form.words("desk.done_plan", count=form.words.number(len(made.parts)), date=last), None


def _dispute_fields(form: Form) -> None:
    place = _where(form)
    _items(form, place)
    form.text("reason", needed=True, longest=200)
    form.suggested("reason", _reasons(form))
    form.amount("amount")
    form.text("note")


def _reasons(form: Form) -> list[str]:
    """As they were called before, so that disputes of one reason count as one; then the usual ones."""
    offered: dict[str, str] = {}
    for reason in (*form.owing.reasons, *(form.words(f"desk.reason_{reason}") for reason in USUAL_REASONS)):
        if len(reason) <= LONGEST_REASON:
            offered.setdefault(reason.casefold(), reason)
    return [*offered.values()][:MOST_REASONS]


def _dispute(form: Form) -> tuple[str, str | None]:
    amount = form.given_amount("amount", needed=False)
    made = desk.dispute(form.actor, form.draft.action_id, form.owing.customer_id, *form.given_place(),
                        item_ids=form.given_items(), amount=amount, reason=form.given("reason"),
                        note=form.given("note"), seen=form.draft.seen)  # fmt: skip
    form.told[AGREED] = made.dispute_id
    return form.words("desk.done_dispute", reason=as_text(made.reason)), None


def _note_fields(form: Form) -> None:
    form.text("note", needed=True)


def _note(form: Form) -> tuple[str, str | None]:
    desk.note(form.actor, form.draft.action_id, form.owing.customer_id, form.given("note"))
    return form.words("desk.done_note"), None


def _hold_fields(form: Form) -> None:
    form.choice("kind", {name: form.words(f"hold.{name}") for name in desk.HOLD_KINDS}, default="other")
    form.date("until", form.owing.today)
    form.text("note")


def _hold(form: Form) -> tuple[str, str | None]:
    kind = next(name for name in desk.HOLD_KINDS if name == (form.given("kind") or "other"))
    made = desk.hold(
        form.actor,
        form.draft.action_id,
        form.owing.customer_id,
        kind,
        until=form.given_date("until", needed=False),
        note=form.given("note"),
        seen=form.draft.seen,
    )
    return form.words("desk.done_hold", kind=form.words(f"hold.{made.kind}")), None


def _contact_fields(form: Form) -> None:
    form.choice("channel", {name: form.words(f"channel.{name}") for name in CHANNELS}, default="call")
    form.text("address", needed=True, longest=LONGEST_ADDRESS)


def _contact(form: Form) -> tuple[str, str | None]:
    made = desk.repair_contact(form.actor, form.draft.action_id, form.owing.customer_id,
                               channel=form.given("channel") or "call", address=form.given("address"))  # fmt: skip
    return form.words("desk.done_contact", address=as_text(made.address)), None


_FIELDS: dict[str, Callable[[Form], None]] = {
    "call": _call_fields, "promise": _promise_fields, "plan": _plan_fields, "dispute": _dispute_fields,
    "note": _note_fields, "hold": _hold_fields, "wish": wish_fields, "contact": _contact_fields,
}  # fmt: skip
_DO: dict[str, Callable[[Form], tuple[str, str | None]]] = {
    "call": _call, "promise": _promise, "plan": _plan, "dispute": _dispute, "note": _note, "hold": _hold,
    "wish": record_wish, "contact": _contact,
}  # fmt: skip
