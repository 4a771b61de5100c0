"""Promises and disputes recorded by people: what the warehouse does not know yet, and what can still be changed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd
import streamlit as st

from cartera import desk as cartera_desk
from cartera.errors import Conflict
from dashboards.components.actor import current_actor
from dashboards.components.clicks import answers, clicked
from dashboards.components.tables import Column, table
from dashboards.components.view import View, as_text
from dashboards.i18n import Words
from dashboards.queries import desk

Thing = Literal["promise", "dispute"]
ANSWER = "desk_answer"
DONE: dict[Thing, str] = {"promise": "promises.done_promise", "dispute": "promises.done_dispute"}
SINCE = {
    "what": Column("promises.col_what", is_pinned=True),
    "customer_id": Column("column.customer_id", width="medium"),
    "company_id": Column("column.company"),
    "amount_text": Column("promises.col_amount", "figure"),
    "day": Column("promises.col_day", "date"),
    "acted_by": Column("promises.col_by"),
    "acted_at": Column("promises.col_at", "moment"),
}
PROMISES = {
    "customer_id": Column("column.customer_id", width=150, is_pinned=True),
    "company_id": Column("column.company"),
    "amount_text": Column("promises.col_promised", "figure"),
    "promised_date": Column("promises.col_promised_for", "date"),
    "made_date": Column("promises.col_made", "date"),
    "note": Column("column.note", width=190, lines=2),
}
DISPUTES = {
    "customer_id": Column("column.customer_id", width=150, is_pinned=True),
    "company_id": Column("column.company"),
    "reason": Column("promises.col_reason", width=190, lines=2),
    "amount_text": Column("promises.col_amount", "figure"),
    "opened_date": Column("promises.col_opened", "date"),
    "note": Column("column.note", width=190, lines=2),
}


def desk_part(view: View) -> None:
    words, actor = view.words, current_actor()
    _say(view)
    recent = desk.since(view.reading, actor)
    if not recent.empty:
        st.subheader(words("promises.since"), anchor=False)
        st.info(words("promises.since_sub"), icon=":material/pending:")
        data = _with_amounts(view, recent).assign(what=[words.named("promises.did", kind) for kind in recent["kind"]])
        table(view, data, SINCE, alt=words("promises.since"))
    promises, disputes = desk.promises_to_come(view.reading, actor), desk.open_disputes(view.reading, actor)
    if promises.empty and disputes.empty:
        return
    st.subheader(words("promises.desk"), anchor=False)
    st.caption(words("promises.desk_sub"))
    if not promises.empty:
        _changeable(view, promises, PROMISES, "promise", actor)
    if not disputes.empty:
        _changeable(view, disputes, DISPUTES, "dispute", actor)


def _with_amounts(view: View, rows: pd.DataFrame) -> pd.DataFrame:
    """Each amount in the currency of its row; the whole where none is said."""
    words = view.words
    pairs = zip(rows["amount"], rows["currency_code"], strict=True)
    return rows.assign(
        amount_text=[words("promises.whole") if amount is None else words.money(amount, code) for amount, code in pairs]
    )


def _changeable(
    view: View, rows: pd.DataFrame, columns: Mapping[str, Column], thing: Thing, actor: cartera_desk.Actor
) -> None:  # fmt: skip
    """A row that is clicked can be withdrawn, or decided."""
    words, title = view.words, view.words(f"promises.desk_{thing}s")
    st.markdown(f"**{title}**")
    # a selection is of a place: with other rows in it, another table, or a late click would be of somebody else's
    key = f"desk_{thing}s_{hash(tuple(rows[f'{thing}_id']))}"
    selection = table(view, _with_amounts(view, rows), columns, alt=title, key=key, selects="single-cell")
    cells = [cell for cell in selection["cells"] if cell[0] < len(rows)]
    if not cells:
        return
    row = rows.iloc[cells[0][0]].to_dict()
    kind = "cancel_promise" if thing == "promise" else "close_dispute"
    if not cartera_desk.may(actor, kind):
        st.caption(words("promises.may_not"))
        return
    drawn = (row[f"{thing}_id"], row["version"])
    with st.form(f"form_{kind}_{drawn[0]}_{drawn[1]}", border=True):
        st.markdown(words(f"promises.{kind}_title", customer=as_text(row["customer_id"])))
        # the form's action id is as old as the row it was drawn with: sent twice it is done once
        action_id = st.session_state.setdefault(f"action_{drawn}", str(uuid.uuid4()))
        st.text_input(words(f"promises.{kind}_note"), key=f"note_{drawn}", max_chars=500)
        st.form_submit_button(words(f"promises.{kind}"), on_click=_change,
                              args=(words, action_id, thing, row, drawn))  # fmt: skip


def _change(words: Words, action_id: str, thing: Thing, row: dict[Any, Any], drawn: tuple[str, int]) -> None:
    note = str(st.session_state.get(f"note_{drawn}") or "")
    change = desk.cancel_promise if thing == "promise" else desk.close_dispute

    with clicked(words, ANSWER, lambda error, text: error if isinstance(error, Conflict) else text) as told:
        change(current_actor(), action_id, row, note)
        told[ANSWER] = DONE[thing]


def _say(view: View) -> None:
    """Once: what the last form did, or why it did nothing; what was typed stays in the form."""
    words, answer = view.words, answers().pop(ANSWER, None)
    if isinstance(answer, Conflict):
        lines = "".join(
            "\n- " + words(
                "promises.theirs", what=words.named("promises.did", each.kind), by=as_text(each.by),
                moment=words.moment(each.at),
            )
            for each in answer.theirs
        )  # fmt: skip
        st.warning(words("promises.conflict") + lines, icon=":material/sync_problem:")
    elif answer in DONE.values():
        st.success(words(answer), icon=":material/check_circle:")
    elif answer:
        st.error(words("promises.not_done", problem=as_text(answer)), icon=":material/error:")
