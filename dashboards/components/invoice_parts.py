"""What a row is of: an invoice, a chargeback, a payment; what moved it, what is behind it, its source document."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.components.tables import Column, table
from dashboards.components.view import View, as_text
from dashboards.queries import customer, invoices
from dashboards.queries.session import Clocks

INSTALMENTS = {
    "due_date": Column("column.due", "date"),
    "item_amount": Column("column.item_amount", "money"),
    "open_amount": Column("column.open", "money"),
    "days_past_due": Column("column.days", "number"),
}
WITH_CHARGEBACKS = {"what": Column("customer.col_kind", width=200), **INSTALMENTS}
MOVEMENTS = {
    "effective_date": Column("customer.col_effective", "date"),
    "what": Column("customer.col_kind", width=150),
    "other": Column("customer.col_document", width="medium"),
    "due_date": Column("invoice.of_instalment", "date"),
    "amount": Column("customer.col_amount", "money"),
    "recorded_at": Column("customer.col_recorded", "moment"),
}


def document(view: View, clocks: Clocks, row: pd.Series, code: str, *, of: str = "") -> None:
    """What a row is of: credit that is left, or a chargeback that is a debt of its own; else its invoice.

    `of` tells apart the same invoice under two tables of a page.
    """
    item_id, invoice_id, number = row.get("item_id"), row["invoice_id"], row["document_number"]
    found = invoices.settlement(view.reading, clocks, item_id) if item_id is not None else None
    item_type = found["item_type"] if found else None
    is_credit = row.get("item_type") == "unapplied_credit" and item_type != "instalment"
    if found is not None and item_type == "chargeback":
        _chargeback(view, clocks, found, code)
        # the row has the number of the chargeback
        under = invoices.document(view.reading, clocks, invoice_id) if invoice_id is not None else None
        number = under["document_number"] if under else None
    elif found is not None and (is_credit or invoice_id is None):
        return payment(view, clocks, found["item_id"], code)
    if invoice_id is not None:
        invoice(view, clocks, invoice_id, number or invoice_id, code, of=of)


def invoice(view: View, clocks: Clocks, invoice_id: str, number: str, code: str, *, of: str = "") -> None:
    """All that is known of it, with the chargebacks under it; the payment of a movement that is clicked follows below.

    `of` as in `document`.
    """
    words = view.words
    with st.container(border=True):
        st.subheader(words("invoice.title", number=as_text(number)), anchor=False)
        found = invoices.instalments(view.reading, clocks, invoice_id)
        still_open = sum(found["open_amount"], Decimal(0))
        charged = found[found["item_type"] == "chargeback"]
        counts = [words.counted("invoice.instalments", len(found) - len(charged))]
        counts += [words.counted("invoice.chargebacks", len(charged))] if len(charged) else []
        st.caption(" · ".join(counts))
        table(view, found.assign(what=_what(view, found)), WITH_CHARGEBACKS if len(charged) else INSTALMENTS,
              alt=words("invoice.instalments_of", number=number), currency_code=code)  # fmt: skip
        moved = invoices.movements(view.reading, clocks, f"invoice:{invoice_id}", *charged["item_id"])
        st.caption(words("invoice.movements_sub"))
        clicked = _movements(view, moved, "settlement_number", words("invoice.movements_of", number=number), code,
                             f"moved_{of}_{invoice_id}_{clocks.as_of}_{clocks.known_at}")  # fmt: skip
        _adds_up(view, moved, still_open, code, "invoice.adds_up")
        _source_of_invoice(view, clocks, invoice_id)
        if clicked is not None and clicked["settlement_id"] is not None:
            payment(view, clocks, clicked["settlement_id"], code)


def _what(view: View, items: pd.DataFrame) -> list[str]:
    """Of each item what it is, a chargeback with its own number."""
    named = zip(items["item_type"], items["document_number"], items["document_id"], strict=True)
    return [
        view.words("invoice.chargeback", number=number or document_id)
        if item_type == "chargeback"
        else view.words("invoice.instalment")
        for item_type, number, document_id in named
    ]


def _chargeback(view: View, clocks: Clocks, found: dict[str, Any], code: str) -> None:
    """One that is a debt of its own: what moved it, and that it adds up to what is open of it."""
    words, item_id = view.words, found["item_id"]
    with st.container(border=True):
        number = found["document_number"] or found["document_id"]
        _heading(view, found, number)
        moved = invoices.movements(view.reading, clocks, item_id)
        _movements(view, moved, "settlement_number", words("invoice.movements_of", number=number), code)
        still_open = invoices.open_of(view.reading, clocks, item_id)
        _adds_up(view, moved, still_open, code, "invoice.chargeback_adds_up")
        _source(view, found, invoices.LISTS["chargeback"], found["document_id"])


def _movements(
    view: View, rows: pd.DataFrame, other: str, alt: str, code: str, key: str | None = None
) -> pd.Series | None:
    """`other`: the column that names the document on the other side; with a key, the row that is clicked."""
    data = rows.assign(what=[customer.event(view.words, kind) for kind in rows["entry_type"]], other=rows[other])
    columns = {name: column for name, column in MOVEMENTS.items() if name != "due_date" or key}
    selection = table(view, data, columns, alt=alt, currency_code=code, key=key, selects="single-cell" if key else None)
    if not selection or not selection["cells"] or selection["cells"][0][0] >= len(rows):
        return None
    row: pd.Series = rows.iloc[selection["cells"][0][0]]
    return row


def _adds_up(view: View, rows: pd.DataFrame, figure: Decimal, code: str, told: str) -> None:
    words, added = view.words, sum(rows["amount"], Decimal(0))
    amount = as_text(words.money(figure, code))
    if added == figure:
        st.markdown(f":material/check_circle: {words.counted(told, len(rows), amount=f'**{amount}**')}")
    else:
        st.warning(words("invoice.differs", sum=as_text(words.money(added, code)), amount=amount))


def payment(view: View, clocks: Clocks, item_id: str, code: str) -> None:
    """The payment or credit note, and each use of it; what is left of it is unapplied credit."""
    words, found = view.words, invoices.settlement(view.reading, clocks, item_id)
    if found is None:
        return
    with st.container(border=True):
        number = found["document_number"] or found["document_id"]
        _heading(view, found, number)
        moved = invoices.movements(view.reading, clocks, item_id)
        _movements(view, moved, "invoice_number", words("invoice.uses_of", number=number), code)
        left = as_text(words.money(-sum(moved["amount"], Decimal(0)), code))
        st.caption(words("invoice.unapplied", amount=left))
        _source(view, found, invoices.LISTS.get(found["item_type"], ""), found["document_id"])


def _heading(view: View, found: dict[str, Any], number: str) -> None:
    words, item_type = view.words, found["item_type"]
    kind = item_type if item_type in ("payment", "credit_note", "chargeback") else "other"
    st.subheader(words(f"invoice.{kind}", number=as_text(number)), anchor=False)
    amount = as_text(words.money(found["item_amount"], found["currency_code"]))
    st.caption(words("invoice.payment_sub", amount=amount, date=words.date(found["issue_date"])))


def _source_of_invoice(view: View, clocks: Clocks, invoice_id: str) -> None:
    found = invoices.document(view.reading, clocks, invoice_id)
    if found is None:
        return
    _source(view, found, invoices.INVOICES, invoice_id)
    address, stated = invoices.web_address(found["document_url"]), found["document_url"]
    if address:
        _link(view.words("invoice.open_document"), address)
    elif stated:
        st.caption(view.words("invoice.stated_address", text=as_text(stated)))


def _source(view: View, found: dict[str, Any], entity: str, document_id: str) -> None:
    """Where it stands at home: system, record, file and row, since when this version is known, and the way there."""
    words, source, known = view.words, found["source"], found["recorded_from"]
    record = found.get("record_key") or document_id.removeprefix(f"{source}:")
    name, row = found.get("file_name"), found.get("file_row")
    names = [name] if name else invoices.files(view.reading, source, known, entity)
    parts = [
        words("invoice.record", record=as_text(record), source=as_text(source)),
        *(words("invoice.file", name=as_text(name)) for name in names),
        *([words("invoice.row", row=words.number(row))] if row is not None else []),
        words("invoice.known_since", moment=words.moment(known)),
    ]
    st.markdown(f":material/description: **{words('invoice.source')}** · {' · '.join(parts)}")
    if place := invoices.opened_in(found, entity, document_id):
        _link(words("invoice.open_in", system=as_text(place.system)), place.address)


def _link(label: str, address: str) -> None:
    st.link_button(label, address, icon=":material/open_in_new:", help=as_text(address))
