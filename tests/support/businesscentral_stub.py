"""Business Central as its APIs show it: a token that ends, companies, OData without `or` over different fields, names
with _x0020_ for a space, no currency where it is the company's.

It keeps a customer ledger: each entry has an initial detailed entry, and an application writes one for either side.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from support.stub_server import Reply, Request, Stub, json_reply

Record = dict[str, Any]
SECRET = "s3cr3t-of-bc"
COMPANY = "0d1a-acme"
BASE = "/v2.0/acme.example/Production/api/"
LEDGER = f"microsoft/reportsFinance/beta/companies({COMPANY})/detailedCustomerLedgerEntries"
LINKS = f"microsoft/analytics/v1.0/companies({COMPANY})/customerLedgerEntries"
CUSTOMERS = f"v2.0/companies({COMPANY})/customers"
CONDITION = re.compile(r"(\w+) (eq|ne|gt|ge|le) ('(?:[^']|'')*'|[\w:.-]+)$")
OPERATORS = {
    "eq": lambda one, other: one == other,
    "ne": lambda one, other: one != other,
    "gt": lambda one, other: one > other,
    "ge": lambda one, other: one >= other,
    "le": lambda one, other: one <= other,
}


class BusinessCentral(Stub):
    """`detailed`: entry number -> detailed entry. Amounts are signed as in the ledger: credits are negative."""

    def __init__(self) -> None:
        super().__init__()
        self.now = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
        self.tokens: set[str] = set()
        self.issued = 0
        self.customers: dict[str, Record] = {}
        self.ledger: dict[int, Record] = {}
        self.detailed: dict[int, Record] = {}

    # what people do there

    def customer(self, number: str) -> None:
        self.customers[number] = {
            "@odata.etag": f'W/"{number}"', "id": f"guid-{number}", "number": number, "displayName": f"{number} S.A.",
            "type": "Company", "country": "PE", "email": f"{number.lower()}@example.com", "phoneNumber": "",
            "taxRegistrationNumber": "20100100100", "salespersonCode": "JO", "currencyCode": "PEN",
            "blocked": "_x0020_", "balanceDue": Decimal("0"), "creditLimit": Decimal("1000"),
            "lastModifiedDateTime": self._written()}  # fmt: skip

    def post(self, kind: str, customer: str, amount: str, *, rate: str = "", due: str = "2026-04-01") -> int:
        """A document or payment; `rate`: it is in dollars."""
        entry = len(self.ledger) + 1
        self.ledger[entry] = {"customer": customer, "kind": kind, "due": due, "rate": Decimal(rate or 1),
                              "currency": "USD" if rate else ""}  # fmt: skip
        self._detail("Initial Entry", entry, Decimal(amount), 0)
        return entry

    def apply(self, new: int, old: int, amount: str, discount: str = "0") -> None:
        """Of two entries with opposite signs the later one, `new`, is applied to `old`."""
        sign = 1 if self.remaining(old) < 0 else -1
        if Decimal(discount):
            self._detail("Payment Discount", old, sign * Decimal(discount), new)
        self._detail("Application", old, sign * Decimal(amount), new)
        self._detail("Application", new, -sign * Decimal(amount), new)

    def unapply(self, new: int, old: int) -> None:
        for row in list(self.detailed.values()):
            if row["applied"] == new and row["ledger"] in (old, new) and not row["unapplied"]:
                row["unapplied"], row["modified"] = True, self._written()
                self._detail(row["type"], row["ledger"], -row["amount"], new, unapplied=True)

    def reverse(self, payment: int) -> None:
        made = self.ledger[payment]
        other = self.post(made["kind"], made["customer"], f"{-self.remaining(payment)}")
        self.apply(other, payment, f"{abs(self.remaining(payment))}")

    # its books

    def remaining(self, entry: int) -> Decimal:
        return sum((row["amount"] for row in self.detailed.values() if row["ledger"] == entry), Decimal(0))

    def balance(self, customer: str) -> Decimal:
        return sum(
            (self.remaining(entry) for entry, made in self.ledger.items() if made["customer"] == customer), Decimal(0)
        )

    def _detail(self, kind: str, entry: int, amount: Decimal, applied: int, *, unapplied: bool = False) -> None:
        number = len(self.detailed) + 1
        self.detailed[number] = {"number": number, "type": kind, "ledger": entry, "amount": amount, "applied": applied,
                                 "date": self.now.date().isoformat(), "modified": self._written(),
                                 "unapplied": unapplied}  # fmt: skip

    def _written(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

    # what the APIs answer

    def answer(self, request: Request) -> Reply:
        if request.path == "/acme.example/oauth2/v2.0/token":
            return self._token(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return json_reply({"error": {"code": "Authentication_InvalidCredentials", "message": "expired"}}, 401)
        path = request.path.removeprefix(BASE).replace("%20", " ")
        tables: Mapping[str, list[Record]] = {
            "v2.0/companies": [{"id": COMPANY, "name": "Acme S.A."}, {"id": "9c-demo", "name": "CRONUS"}],
            f"v2.0/companies({COMPANY})/companyInformation": [{"id": COMPANY, "currencyCode": "PEN"}],
            f"v2.0/companies({COMPANY})/agedAccountsReceivables": self._aged(),
            CUSTOMERS: list(self.customers.values()),
            LEDGER: [self._row(row) for row in self.detailed.values()],
            LINKS: [self._link(row) for row in self.detailed.values()],
        }
        if path.removesuffix("/$count") not in tables:
            return json_reply({"error": {"code": "BadRequest_NotFound", "message": "no such segment"}}, 404)
        found = self._filtered(tables[path.removesuffix("/$count")], request.params.get("$filter", ""))
        if path.endswith("/$count"):
            return Reply(200, str(len(found)).encode(), {"Content-Type": "text/plain"})
        name = request.params.get("$orderby", "").removesuffix(" asc")
        if name:
            found.sort(key=lambda record: record[name])
        return json_reply({"@odata.context": "$metadata", "value": found[: int(request.params.get("$top", 20000))]})

    def _token(self, request: Request) -> Reply:
        said = dict(parse_qsl(request.body.decode()))
        if said["client_secret"] != SECRET or said["scope"] != "https://api.businesscentral.dynamics.com/.default":
            return json_reply({"error": "invalid_client", "error_description": "AADSTS7000215"}, 401)
        self.issued += 1
        self.tokens.add(f"token-{self.issued}")
        return json_reply({"token_type": "Bearer", "expires_in": 3599, "access_token": f"token-{self.issued}"})

    def _filtered(self, records: list[Record], asked: str) -> list[Record]:
        found = records
        for condition in asked.split(" and ") if asked else []:
            parts = [self._condition(part) for part in condition.split(" or ")]
            assert len({name for name, *_rest in parts}) == 1, "an `or` may only be over one field"
            found = [
                record for record in found if any(OPERATORS[how](record[name], value) for name, how, value in parts)
            ]
        return list(found)

    def _condition(self, said: str) -> tuple[str, str, Any]:
        matched = CONDITION.match(said)
        assert matched, f"not understood: {said!r}"
        name, how, value = matched.groups()
        if value.startswith("'"):
            return name, how, value[1:-1].replace("''", "'")
        return name, how, int(value) if value.isdigit() else value

    def _row(self, row: Record) -> Record:
        made = self.ledger[row["ledger"]]
        return {
            "entryNumber": row["number"], "entryType": row["type"].replace(" ", "_x0020_"),
            "customerNumber": made["customer"], "amount": row["amount"],
            "debitAmount": max(row["amount"], Decimal(0)), "creditAmount": max(-row["amount"], Decimal(0)),
            "amountLocalCurrency": row["amount"] * made["rate"], "postingDate": row["date"],
            "currencyCode": made["currency"], "lastModifiedDateTime": row["modified"]}  # fmt: skip

    def _link(self, row: Record) -> Record:
        made = self.ledger[row["ledger"]]
        return {
            "cleEntryNo": row["ledger"], "cleDueDate": made["due"], "cleOpen": self.remaining(row["ledger"]) != 0,
            "cleClosedAtDate": "0001-01-01", "dcleEntryNo": row["number"],
            "dcleEntryType": row["type"].replace(" ", "_x0020_"),
            "dcleDocumentType": (made["kind"] or " ").replace(" ", "_x0020_"), "dcleDocumentNo": f"D-{row['ledger']}",
            "dcleInitialEntryDueDate": made["due"], "dcleAmountLCY": row["amount"] * made["rate"],
            "dcleCustomerNo": made["customer"], "dcleApplicationNo": 0,
            "dcleAppliedCustLedgerEntryNo": row["applied"]}  # fmt: skip

    def _aged(self) -> list[Record]:
        rows = [{"customerNumber": name, "name": name, "currencyCode": "", "balanceDue": self.balance(name)}
                for name in self.customers]  # fmt: skip
        total = {"customerNumber": "", "name": "Total", "currencyCode": "",
                 "balanceDue": sum((row["balanceDue"] for row in rows), Decimal(0))}  # fmt: skip
        return [*rows, total]
