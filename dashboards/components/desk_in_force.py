"""What a promise, a plan or a dispute is about, and what of it is agreed already: said before it is recorded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

import streamlit as st

from cartera import desk
from cartera.warehouse.read import Row
from dashboards.components.desk_fields import AGREED, Form
from dashboards.components.view import as_text
from dashboards.i18n import Words
from dashboards.queries.desk import who
from dashboards.queries.worklist import file_of

Agreement = desk.Promise | desk.Plan | desk.Dispute


def says_reach(form: Form, place: str) -> None:
    """How much it stops from being asked for, and until when: without a name of an invoice it is all that is owed."""
    words, chosen = form.words, form.given_items()
    late = [row for row in form.owing.items_at(place) if row["days_past_due"] > 0]
    rest = sum((row["open_amount"] for row in late if row["item_id"] not in chosen), Decimal(0))
    until = words(f"desk.until_{form.name}")
    if not chosen:
        st.info(words("desk.about_all", until=until), icon=":material/all_inclusive:")
    elif rest:
        amount = as_text(words.money(rest, place.rpartition("/")[2]))
        st.caption(words("desk.about_some", until=until, rest=amount))
    elif late:
        st.info(words("desk.about_late", until=until), icon=":material/all_inclusive:")


def says_in_force(form: Form, place: str) -> None:
    """What is agreed on some of the same invoices, here or where they come from: no refusal, as a customer who was to
    pay by Friday may promise anew; but who records it knows of both."""
    words, chosen, today = form.words, form.given_items(), form.owing.today
    here = [
        each
        for each in in_force(file_of(form.owing.customer_id), today)
        if f"{each.company_id}/{each.currency_code}" == place and _meet(each.item_ids, chosen)
    ]
    lines = [(as_text(line_of(words, each, today)), _id(each) == form.told.get(AGREED)) for each in here]
    meant = [row for row in form.owing.items_at(place) if not chosen or row["item_id"] in chosen]
    lines += [(as_text(line), False) for line in _where_they_come_from(words, meant, here, today)]
    if lines:
        # right after recording the form is empty and names what it just made: that is no warning
        own = f" · **{words('desk.in_force_just_now')}**"
        told = "".join(f"\n- {line}{own if is_own else ''}" for line, is_own in lines)
        ends = f"\n\n{words('desk.in_force_ends')}" if here else ""
        say = st.info if all(is_own for _line, is_own in lines) else st.warning
        say(f"{words('desk.in_force')}\n{told}{ends}", icon=":material/handshake:")


def _id(agreed: Agreement) -> str:
    if isinstance(agreed, desk.Promise):
        return agreed.promise_id
    return agreed.plan_id if isinstance(agreed, desk.Plan) else agreed.dispute_id


def _meet(some: Collection[str], others: Collection[str]) -> bool:
    """Of no invoice by name is of all of them."""
    return not some or not others or not set(some).isdisjoint(others)


def in_force(filed: desk.CustomerFile, today: dt.date) -> Iterator[Agreement]:
    """Promises and plans whose day has not passed, and disputes that nobody has decided."""
    for promise in filed.promises:
        if not promise.is_cancelled and not promise.plan_id and promise.promised_date >= today:
            yield promise
    for plan in filed.plans:
        if not plan.is_cancelled and plan.parts[-1].promised_date >= today:
            yield plan
    for dispute in filed.disputes:
        if dispute.resolved_date is None:
            yield dispute


def _where_they_come_from(
    words: Words, rows: Sequence[Row], here: Sequence[Agreement], today: dt.date
) -> Iterator[str]:  # fmt: skip
    """What is published of the invoices; what was recorded here is part of that after a while, and said already."""
    promised = [row for row in rows if row["promised_date"] and row["promised_date"] >= today]
    disputed = [row for row in rows if row["is_disputed"]]
    promised = [row for row in promised if not _said(row, here, is_dispute=False)]
    disputed = [row for row in disputed if not _said(row, here, is_dispute=True)]
    if promised:
        last = max(row["promised_date"] for row in promised)
        yield words.counted("desk.known_promised", len(promised), date=words.date(last))
    if disputed:
        yield words.counted("desk.known_disputed", len(disputed))


def _said(row: Row, here: Sequence[Agreement], *, is_dispute: bool) -> bool:
    return any(isinstance(each, desk.Dispute) == is_dispute and _meet(each.item_ids, [row["item_id"]]) for each in here)


def line_of(words: Words, agreed: Agreement, today: dt.date) -> str:
    """One agreement in a line."""
    by = who(words, agreed.by)
    if isinstance(agreed, desk.Promise):
        state = words("desk.promise_due" if agreed.promised_date >= today else "desk.promise_past")
        text = words("desk.line_promise", amount=words.money(agreed.amount, agreed.currency_code), state=state,
                     date=words.date(agreed.promised_date), by=by, note=_about(words, agreed))  # fmt: skip
    elif isinstance(agreed, desk.Plan):
        parts = "; ".join(
            f"{words.date(part.promised_date)} {words.money(part.amount, agreed.currency_code)}"
            for part in agreed.parts
        )
        text = words("desk.line_plan", parts=parts, by=by, note=_about(words, agreed))
    else:
        text = words("desk.line_dispute", amount=_contested(words, agreed), reason=agreed.reason,
                     date=words.date(agreed.opened_date), by=by, note=agreed.note)  # fmt: skip
    return text.removesuffix(" · ")


def _about(words: Words, agreed: desk.Promise | desk.Plan) -> str:
    """Of how many invoices it is, unless it is of all that is owed there; and its note."""
    of = words.counted("desk.line_items", len(agreed.item_ids)) if agreed.item_ids else ""
    return " · ".join(filter(None, (of, agreed.note)))


def _contested(words: Words, dispute: desk.Dispute) -> str:
    """How much: of so many invoices, or of all that was owed then."""
    of = words.counted("desk.line_items", len(dispute.item_ids)) if dispute.item_ids else ""
    amount = dispute.amount and words.money(dispute.amount, dispute.currency_code)
    return " · ".join(filter(None, (amount or words("promises.whole"), of)))
