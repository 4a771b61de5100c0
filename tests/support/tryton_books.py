"""What people do in Tryton, in the words of collections, through its API; and what its own books say of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from support.tryton_server import Rpc

ISSUED = dt.date(2024, 2, 1)


class Books:
    """The one company of the prepared database."""

    def __init__(self, rpc: Rpc) -> None:
        self.rpc = rpc
        self._currencies = {one["code"]: one["id"] for one in rpc.find("currency.currency", [], "code")}
        self._accounts = {
            kind: rpc.id("account.account", [f"type.{kind}", "=", True], ["closed", "!=", True])
            for kind in ("receivable", "revenue")
        }
        self._accounts["cash"] = rpc.id("account.account", ["code", "=", "1.1.1"])
        self._terms = {one["name"]: one["id"] for one in rpc.find("account.invoice.payment_term", [], "name")}
        self._journals = {one["code"]: one["id"] for one in rpc.find("account.journal", [], "code")}

    def party(self, name: str, language: str = "es") -> int:
        return self.rpc.create(
            "party.party",
            name=name,
            lang=self.rpc.id("ir.lang", ["code", "=", language]),
            addresses=[["create", [{"street": "Av. Larco 1", "city": "Lima"}]]],
            contact_mechanisms=[["create", [{"type": "email", "value": f"{name.lower()}@example.com"}]]],
        )

    def draft(
        self, party: int, amount: str, term: str = "Thirty days", currency: str = "PEN", issued: dt.date = ISSUED
    ) -> int:
        (address,) = self.rpc.find("party.address", [["party", "=", party]], "id")[:1]
        line = {
            "type": "line", "account": self._accounts["revenue"], "description": "work", "quantity": 1,
            "unit_price": Decimal(amount), "currency": self._currencies[currency], "company": 1,
        }  # fmt: skip
        return self.rpc.create(
            "account.invoice",
            type="out", company=1, party=party, invoice_address=address["id"], journal=self._journals["REV"],
            account=self._accounts["receivable"], currency=self._currencies[currency], invoice_date=issued,
            payment_term=self._terms[term], lines=[["create", [line]]],
        )  # fmt: skip

    def invoice(self, party: int, amount: str, *terms: str, **more: Any) -> int:
        """Posted; a negative amount makes a credit note."""
        made = self.draft(party, amount, *terms, **more)
        self.rpc.do("account.invoice", "post", [made])
        return made

    def pay(
        self, invoice: int, amount: str, day: dt.date = ISSUED + dt.timedelta(days=20), kind: str = "partial"
    ) -> None:
        """As the button Pay does: `kind` of what is not equal to the debt is partial, overpayment or writeoff."""
        (asked,) = self.rpc.find("account.invoice", [["id", "=", invoice]], "currency", "party")
        start = {
            "amount": Decimal(amount), "currency": asked["currency"], "payee": asked["party"], "date": day,
            "payment_method": self.rpc.id("account.invoice.payment.method"), "company": 1, "description": "paid",
            "invoice_account": self._accounts["receivable"], "payees": [asked["party"]],
        }  # fmt: skip
        steps: list[tuple[str, dict[str, Any]]] = [("choice", {"start": start})]
        lost = self.rpc.id("account.move.reconcile.write_off") if kind == "writeoff" else None
        still_open = [line["id"] for line in self.lines(invoice) if not line["reconciliation"]]
        steps.append(("pay", {"start": start, "ask": {"type": kind, "lines": still_open, "writeoff": lost}}))
        self.rpc.wizard("account.invoice.pay", "account.invoice", [invoice], *steps)

    def credit(self, invoice: int, with_refund: bool) -> None:
        """As the button Credit does; with refund it is posted, and the invoice cancelled by it."""
        form = {"start": {"invoice_date": ISSUED, "with_refund": with_refund, "with_refund_allowed": True}}
        self.rpc.wizard("account.invoice.credit", "account.invoice", [invoice], ("credit", form))

    def cancel(self, invoice: int) -> None:
        self.rpc.do("account.invoice", "cancel", [invoice])

    def receive(self, party: int, amount: str, day: dt.date = dt.date(2024, 3, 1), is_posted: bool = True) -> int:
        """Money on account, as a move; its line of the receivable account."""
        money = Decimal(amount)
        lines = [
            {"account": self._accounts["receivable"], "party": party, "debit": max(-money, Decimal()),
             "credit": max(money, Decimal())},
            {"account": self._accounts["cash"], "debit": max(money, Decimal()), "credit": max(-money, Decimal())},
        ]  # fmt: skip
        period = self.rpc.id("account.period", ["start_date", "<=", day], ["end_date", ">=", day])
        move = self.rpc.create(
            "account.move", company=1, journal=self._journals["CASH"], period=period, date=day,
            lines=[["create", lines]],
        )  # fmt: skip
        if is_posted:
            self.post_move(move)
        return self.rpc.id("account.move.line", ["move", "=", move], ["party", "=", party])

    def on_account(self, party: int) -> int:
        """The line of money that was paid too much."""
        lines = self.rpc.find(
            "account.move.line", [["party", "=", party], ["reconciliation", "=", None], ["credit", ">", 0]],
            "amount", "invoice_payment", "move_origin",
        )  # fmt: skip
        return next(int(line["id"]) for line in lines if not line["invoice_payment"] and line["amount"] == -15)

    def post_move(self, move: int) -> None:
        self.rpc.do("account.move", "post", [move])

    def cancel_move(self, move: int, reversal: bool = True) -> None:
        form = {"default": {"description": "a mistake", "reversal": reversal}}
        self.rpc.wizard("account.move.cancel", "account.move", [move], ("cancel", form))

    def statement(self, party: int, invoice: int, amount: str, day: dt.date) -> None:
        """A line of a bank statement for an invoice, posted."""
        money = Decimal(amount)
        line = {
            "number": "1", "date": day, "amount": money, "party": party, "account": self._accounts["receivable"],
            "related_to": f"account.invoice,{invoice}",
        }  # fmt: skip
        made = self.rpc.create(
            "account.statement", name="bank", journal=self.rpc.id("account.statement.journal"), company=1, date=day,
            total_amount=money, lines=[["create", [line]]],
        )  # fmt: skip
        for button in ("validate_statement", "post"):
            self.rpc.do("account.statement", button, [made])

    def lines(self, invoice: int) -> list[dict[str, Any]]:
        """The lines to pay it by, the first due first."""
        (found,) = self.rpc.find("account.invoice", [["id", "=", invoice]], "lines_to_pay", "payment_lines")
        lines = self.rpc.find(
            "account.move.line", [["id", "in", found["lines_to_pay"]]], "amount", "reconciliation", "move"
        )
        return sorted(lines, key=lambda line: found["lines_to_pay"].index(line["id"]))

    def move_of(self, line: int) -> int:
        (found,) = self.rpc.find("account.move.line", [["id", "=", line]], "move")
        return int(found["move"])

    def reconcile(self, *lines: int) -> None:
        self.rpc.wizard("account.move.reconcile_lines", "account.move.line", lines)

    def put_off(self, line: int, *terms: tuple[dt.date, str]) -> None:
        """A new plan of instalments for one of an invoice."""
        (asked,) = self.rpc.find("account.move.line", [["id", "=", line]], "amount_currency", "amount")
        currency = asked["amount_currency"]
        start = {"currency": currency, "total_amount": asked["amount"], "start_date": terms[0][0], "number": len(terms)}
        plan = [{"date": day, "amount": Decimal(amount), "currency": currency} for day, amount in terms]
        preview = {"journal": self._journals["REV"], "currency": currency, "terms": plan, "description": "plan"}
        steps = ("preview", {"start": start}), ("reschedule", {"start": start, "preview": preview})
        self.rpc.wizard("account.move.line.reschedule", "account.move.line", [line], *steps)

    def block(self, line: int, is_blocked: bool = True) -> None:
        """Its dunning, made when it has none."""
        found = self.rpc.find("account.dunning", [["line", "=", line]], "id")
        if found:
            self.rpc.do("account.dunning", "write", [found[0]["id"]], {"blocked": is_blocked})
            return
        levels = [["create", [{"sequence": 1, "overdue": {"__class__": "timedelta", "seconds": 0}}]]]
        procedure = self.rpc.create("account.dunning.procedure", name="letters", levels=levels)
        level = self.rpc.id("account.dunning.level", ["procedure", "=", procedure])
        self.rpc.create("account.dunning", company=1, line=line, procedure=procedure, level=level, blocked=is_blocked)

    def unreconcile(self, line: int) -> None:
        self.rpc.wizard("account.move.unreconcile_lines", "account.move.line", [line])

    def receivable(self) -> dict[int, Decimal]:
        """Its own figure, by party; zero is left out."""
        found = self.rpc.find("party.party", [], "receivable")
        return {one["id"]: one["receivable"] for one in found if one["receivable"]}

    def to_pay(self, *parties: int) -> dict[int, Decimal]:
        """What it says is to pay, by invoice, in the invoice's currency; credit notes and zero are left out."""
        found = self.rpc.find("account.invoice", [["type", "=", "out"], ["party", "in", parties]], "amount_to_pay")
        return {one["id"]: one["amount_to_pay"] for one in found if one["amount_to_pay"] > 0}
