"""Random bookkeeping in Tryton: people press buttons, and what it refuses did not happen."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from support.tryton_books import ISSUED, Books


class People:
    """`done`: how often each thing was done."""

    def __init__(self, books: Books, chance: random.Random) -> None:
        self.books, self.chance = books, chance
        self.parties = [books.party(f"P{number}") for number in range(3)]
        self.done: Counter[str] = Counter()

    def act(self) -> None:
        acts: list[Callable[[], object]] = [
            self.invoice, self.invoice, self.credit_note, self.pay, self.pay_whole, self.credit, self.receive,
            self.give_back, self.cancel, self.cancel_move, self.unreconcile, self.reconcile, self.put_off,
        ]  # fmt: skip
        act = self.chance.choice(acts)
        try:
            act()
        except (AssertionError, IndexError):
            return
        self.done[act.__name__] += 1

    @property
    def party(self) -> int:
        return self.chance.choice(self.parties)

    @property
    def amount(self) -> str:
        return f"{self.chance.randrange(100, 9999) / Decimal(100):.2f}"

    @property
    def day(self) -> dt.date:
        return ISSUED + dt.timedelta(days=self.chance.randrange(90))

    def posted(self) -> int:
        found = self.books.rpc.find("account.invoice", [["state", "=", "posted"]], "id")
        return int(self.chance.choice(found)["id"])

    def lines(self, *domain: list[object]) -> list[dict[str, Decimal]]:
        receivable = ["account.type.receivable", "=", True]
        return self.books.rpc.find("account.move.line", [receivable, *domain], "amount", "move")

    def invoice(self) -> None:
        self.books.invoice(self.party, self.amount, self.chance.choice(["Thirty days", "Two instalments"]))

    def credit_note(self) -> None:
        self.books.invoice(self.party, f"-{self.amount}", "Two instalments")

    def pay(self) -> None:
        kind = self.chance.choice(["partial", "overpayment", "writeoff"])
        self.books.pay(self.posted(), self.amount, self.day, kind)

    def pay_whole(self) -> None:
        invoice = self.posted()
        (found,) = self.books.rpc.find("account.invoice", [["id", "=", invoice]], "amount_to_pay")
        self.books.pay(invoice, str(found["amount_to_pay"]), self.day)

    def credit(self) -> None:
        self.books.credit(self.posted(), with_refund=self.chance.random() < 0.6)

    def receive(self) -> None:
        self.books.receive(self.party, self.amount, self.day)

    def give_back(self) -> None:
        self.books.receive(self.party, f"-{self.amount}", self.day)

    def cancel(self) -> None:
        self.books.cancel(self.posted())

    def cancel_move(self) -> None:
        money = self.lines(["move.journal.type", "=", "cash"], ["reconciliation", "=", None])
        self.books.cancel_move(int(self.chance.choice(money)["move"]), reversal=self.chance.random() < 0.5)

    def unreconcile(self) -> None:
        self.books.unreconcile(int(self.chance.choice(self.lines(["reconciliation", "!=", None]))["id"]))

    def reconcile(self) -> None:
        """Some of a party's lines, with money for the rest of them."""
        party = self.party
        found = self.lines(["party", "=", party], ["reconciliation", "=", None])
        chosen = self.chance.sample(found, min(len(found), self.chance.randrange(2, 6)))
        rest = sum(line["amount"] for line in chosen)
        money = [self.books.receive(party, str(rest))] if rest else []
        self.books.reconcile(*(int(line["id"]) for line in chosen), *money)

    def put_off(self) -> None:
        line = self.chance.choice(self.lines(["reconciliation", "=", None], ["debit", ">", 0]))
        half = round(line["amount"] / 2, 2)
        plan = (self.day, str(half)), (self.day + dt.timedelta(days=30), str(line["amount"] - half))
        self.books.put_off(int(line["id"]), *plan)
