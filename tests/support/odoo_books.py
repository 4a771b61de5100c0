"""The books of an Odoo, and what people do in them: documents, payments, reconciliation, residuals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

LOGIN = "reader@example.com"
START = dt.datetime(2026, 3, 1, 9, 0, 0, 250_000)  # noqa: DTZ001 - naive UTC, as Odoo keeps it
Record = dict[str, Any]
ZERO = Decimal(0)

RELATIONS = {
    "account.move": {
        "commercial_partner_id": "res.partner", "company_id": "res.company", "currency_id": "res.currency",
        "company_currency_id": "res.currency", "reversed_entry_id": "account.move", "journal_id": "account.journal"},
    "account.move.line": {
        "move_id": "account.move", "account_id": "account.account", "partner_id": "res.partner",
        "company_id": "res.company", "company_currency_id": "res.currency", "currency_id": "res.currency",
        "journal_id": "account.journal", "payment_id": "account.payment"},
    "account.partial.reconcile": {
        "debit_move_id": "account.move.line", "credit_move_id": "account.move.line",
        "debit_currency_id": "res.currency", "credit_currency_id": "res.currency", "company_id": "res.company"},
    "account.payment": {"company_id": "res.company", "currency_id": "res.currency", "move_id": "account.move",
                        "partner_id": "res.partner"},
    "res.partner": {"commercial_partner_id": "res.partner", "parent_id": "res.partner", "user_id": "res.users",
                    "industry_id": "res.industry", "company_id": "res.company"},
    "res.company": {"currency_id": "res.currency", "currency_exchange_journal_id": "account.journal"},
    "res.currency.rate": {"currency_id": "res.currency", "company_id": "res.company"},
    "account.journal": {}, "account.account": {}, "res.currency": {}, "res.users": {},
}  # fmt: skip


class Books:
    """`tables`: model -> id -> record, relations as ids, `write_date` in microseconds."""

    PEN: int
    USD: int

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.tables: dict[str, dict[int, Record]] = {model: {} for model in RELATIONS}
        self._last = 0
        for code in ("PEN", "USD"):
            setattr(self, code, self.save("res.currency", name=code, active=True))
        self.exchange = self.save("account.journal", name="Exchange", type="general")
        self.journals = {
            kind: self.save("account.journal", name=kind, type=kind) for kind in ("sale", "bank", "general")
        }
        self.receivable = self.save("account.account", name="Receivable", account_type="asset_receivable")
        self.other_account = self.save("account.account", name="Other", account_type="income")
        self.acme, self.norte = (
            self.save("res.company", name=name, currency_id=self.PEN, currency_exchange_journal_id=self.exchange)
            for name in ("Acme S.A.", "Norte S.A.")
        )
        self.save("res.users", name="Reader", login=LOGIN, company_ids=[self.acme, self.norte])

    # what people do

    def tick(self, seconds: float = 60) -> None:
        self.now += dt.timedelta(seconds=seconds)

    def save(self, model: str, id: int | None = None, **values: Any) -> int:
        if id is None:
            self._last += 1
            id = self._last
        self.tables[model].setdefault(id, {"id": id}).update(values, write_date=self.now)
        return id

    def partner(self, name: str, parent: int | None = None, **values: Any) -> int:
        """A contact of `parent` belongs to the customer that its parent is."""
        id = self.save("res.partner", **{
            "name": name, "ref": None, "parent_id": parent, "commercial_partner_id": parent, "type": "contact",
            "vat": None, "lang": "es_PE", "tz": None, "email": None, "phone": None, "mobile": None,
            "country_code": "PE", "user_id": None, "industry_id": None, "company_id": None, "is_company": not parent,
            "active": True, **values})  # fmt: skip
        if not parent:
            self.tables["res.partner"][id]["commercial_partner_id"] = id
        return id

    def invoice(
        self, partner: int, total: str, instalments: Sequence[tuple[str, str]] = (), *, move_type: str = "out_invoice",
        currency: str = "PEN", rate: str = "1", state: str = "posted", company: int | None = None, **values: Any,
    ) -> int:  # fmt: skip
        """`instalments`: (due date, amount). Of a credit note the total is positive, and its line a credit."""
        day, sign = self.now.date(), -1 if move_type == "out_refund" else 1
        rows = instalments or [((day + dt.timedelta(days=30)).isoformat(), total)]
        move = self._move(partner, move_type, "sale", currency, state, company, amount_total=Decimal(total),
                          invoice_date=day.isoformat(), invoice_date_due=rows[-1][0],
                          amount_total_in_currency_signed=sign * Decimal(total),
                          amount_total_signed=sign * Decimal(total) * Decimal(rate), **values)  # fmt: skip
        for due, part in rows:
            self._line(move, sign * Decimal(part), rate, date_maturity=due)
        # what nobody owes: the other side of the entry
        self._line(move, -sign * Decimal(total), rate, account_id=self.other_account)
        self._settle()
        return move

    def entry(self, partner: int | None, amount: str, journal: str = "general", *, currency: str = "PEN",
              rate: str = "1", company: int | None = None, **values: Any) -> int:  # fmt: skip
        """A bank or misc entry; a negative amount is a credit. The receivable line."""
        move = self._move(partner, "entry", journal, currency, "posted", company)
        line = self._line(move, Decimal(amount), rate, **values)
        self._settle()
        return line

    def payment(self, partner: int, amount: str, *lines: int, payment_type: str = "inbound", **more: Any) -> int:
        """account.payment with its entry, matched with lines as far as it goes. The payment."""
        sign = "-" if payment_type == "inbound" else ""
        values = {name: more.pop(name) for name in ("memo",) if name in more}
        line = self.tables["account.move.line"][self.entry(partner, sign + amount, "bank", **more)]
        id = self.save("account.payment", name=f"PAY{line['id']}", state="paid", payment_type=payment_type,
                       partner_type="customer", amount=Decimal(amount), currency_id=line["currency_id"],
                       company_id=line["company_id"], date=line["date"], move_id=line["move_id"],
                       **{"memo": None, **values})  # fmt: skip
        line["payment_id"] = id
        for other in lines:
            self.reconcile(other, line["id"])
        return id

    def line(self, move: int, number: int = 0) -> int:
        """A receivable line of an entry."""
        return [line["id"] for line in self._lines(move) if line["account_id"] == self.receivable][number]

    def paying(self, payment: int) -> int:
        return self.line(self.tables["account.payment"][payment]["move_id"])

    def reconcile(self, one: int, other: int, amounts: tuple[str, str] | None = None) -> int | None:
        """`amounts`: in the currencies of debit and credit, where they differ or less than all is matched."""
        lines = self.tables["account.move.line"]
        debit, credit = sorted((one, other), key=lambda id: lines[id]["amount_currency"], reverse=True)
        least = min(lines[debit]["amount_residual_currency"], -lines[credit]["amount_residual_currency"])
        parts = tuple(map(Decimal, amounts)) if amounts else (least, least)
        partial = self.save("account.partial.reconcile", debit_move_id=debit, credit_move_id=credit,
                            debit_currency_id=lines[debit]["currency_id"], debit_amount_currency=parts[0],
                            credit_currency_id=lines[credit]["currency_id"], credit_amount_currency=parts[1],
                            company_id=lines[debit]["company_id"],
                            max_date=max(lines[debit]["date"], lines[credit]["date"]))  # fmt: skip
        self._settle()
        return partial

    def exchange_difference(self, other: int, amount: str, currency: str = "PEN") -> int:
        """What is left of a line in the company's currency goes to gains and losses of exchange."""
        move = self._move(self.tables["account.move.line"][other]["partner_id"], "entry", "general", currency, "posted",
                          None, journal_id=self.exchange)  # fmt: skip
        line = self._line(move, Decimal(amount), "1")
        self._settle()
        self.reconcile(line, other)
        return line

    def unreconcile(self, *lines: int) -> None:
        """The matches of these lines are deleted, without a trace."""
        partials = self.tables["account.partial.reconcile"]
        for id in [id for id, row in partials.items() if {row["debit_move_id"], row["credit_move_id"]} & set(lines)]:
            del partials[id]
        self._settle()

    def set_state(self, move: int, state: str) -> None:
        """Back to draft, or cancelled: the matches go, the residual stays."""
        self.unreconcile(*(line["id"] for line in self._lines(move)))
        self.save("account.move", move, state=state)
        for line in self._lines(move):
            self.save("account.move.line", line["id"], parent_state=state)

    def repost(self, move: int, *instalments: tuple[str, str]) -> None:
        """Back to draft, other terms of payment, posted again: new receivable lines, the old ones deleted."""
        self.set_state(move, "draft")
        for line in [line for line in self._lines(move) if line["account_id"] == self.receivable]:
            del self.tables["account.move.line"][line["id"]]
        for due, part in instalments:
            self._line(move, Decimal(part), "1", date_maturity=due)
        self.set_state(move, "posted")

    def delete(self, move: int) -> None:
        for line in list(self._lines(move)):
            del self.tables["account.move.line"][line["id"]]
        del self.tables["account.move"][move]

    def residuals(self, company: int | None = None) -> dict[tuple[int, str], Decimal]:
        """What the books say: (commercial partner, currency) -> the receivable account's residual."""
        found: dict[tuple[int, str], Decimal] = {}
        for line in self.tables["account.move.line"].values():
            if line["account_id"] != self.receivable or line["parent_state"] != "posted":
                continue
            if company in (None, line["company_id"]):
                partner = self.tables["res.partner"][line["partner_id"]]["commercial_partner_id"]
                key = partner, self.tables["res.currency"][line["currency_id"]]["name"]
                found[key] = found.get(key, ZERO) + line["amount_residual_currency"]
        return {key: amount for key, amount in found.items() if amount}

    # the books

    def _move(self, partner: int | None, move_type: str, journal: str, currency: str, state: str, company: int | None,
              **values: Any) -> int:  # fmt: skip
        company, day = company or self.acme, self.now.date().isoformat()
        id = self.save("account.move", **{
            "move_type": move_type, "state": state, "date": day, "invoice_date": None, "invoice_date_due": None,
            "partner_id": partner, "company_id": company, "company_currency_id": self.PEN,
            "commercial_partner_id": self.tables["res.partner"][partner]["commercial_partner_id"] if partner else None,
            "currency_id": getattr(self, currency), "journal_id": self.journals[journal], "ref": None,
            "payment_state": "not_paid", "reversed_entry_id": None, "amount_total": ZERO, "amount_total_signed": ZERO,
            "amount_total_in_currency_signed": ZERO, "amount_residual": ZERO, **values})  # fmt: skip
        move = self.tables["account.move"][id]
        move["name"] = f"{move_type}/{id}" if state == "posted" else None
        return id

    def _line(self, move_id: int, amount: Decimal, rate: str, **values: Any) -> int:
        move = self.tables["account.move"][move_id]
        return self.save("account.move.line", **{
            "move_id": move_id, "name": None, "date_maturity": move["date"], "account_id": self.receivable,
            "partner_id": move["partner_id"], "amount_currency": amount, "payment_id": None,
            "balance": round(amount * Decimal(rate), 2), "amount_residual_currency": None, "reconciled": False,
            **{name: move[name] for name in ("ref", "date", "company_id", "company_currency_id", "currency_id",
                                             "journal_id", "move_type")},
            "move_name": move["name"], "parent_state": move["state"], **values})  # fmt: skip

    def _lines(self, move: int) -> list[Record]:
        return [line for line in self.tables["account.move.line"].values() if line["move_id"] == move]

    def _settle(self) -> None:
        """Residuals are stored, and moving them moves `write_date`, of the line and of its document."""
        lines = self.tables["account.move.line"]
        left = {id: line["amount_currency"] for id, line in lines.items()}
        for partial in self.tables["account.partial.reconcile"].values():
            left[partial["debit_move_id"]] -= partial["debit_amount_currency"]
            left[partial["credit_move_id"]] += partial["credit_amount_currency"]
        changed = set()
        for id, amount in left.items():
            if lines[id]["amount_residual_currency"] != amount:
                self.save("account.move.line", id, amount_residual_currency=amount, reconciled=amount == 0)
                changed.add(lines[id]["move_id"])
        for move in changed:
            residual = abs(sum((left[line["id"]] for line in self._lines(move)
                                if line["account_id"] == self.receivable), ZERO))  # fmt: skip
            if self.tables["account.move"][move]["amount_residual"] != residual:
                self.save("account.move", move, amount_residual=residual)
