"""QuickBooks Online as its documentation says: queries with an order and a place, answers of at most a thousand,
changes of thirty days with what was deleted, Faults, times with an offset, payments that name what each line uses.

It keeps its own books: Balance of invoices, credit memos and customers, UnappliedAmt of payments.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from support.oauth_stub import TokenEndpoint
from support.stub_server import Reply, Request, Stub, json_reply

START = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=-8)))
ZERO = Decimal("0.00")
Record = dict[str, Any]


class QuickBooksStub(Stub):
    """`tables`: entity -> id -> record; `deleted`: entity -> id -> when."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.now = TokenEndpoint("refresh-0"), START
        self.tables: dict[str, dict[str, Record]] = {
            "Customer": {}, "Invoice": {}, "CreditMemo": {}, "Payment": {}, "JournalEntry": {},
            "Account": {
                key: {"Id": key, "AccountType": kind, "Active": key != "85", "CurrentBalance": ZERO,
                      "CurrencyRef": {"value": currency}}
                for key, kind, currency in (("84", "Accounts Receivable", "USD"), ("85", "Accounts Receivable", "EUR"),
                                            ("35", "Bank", "USD"))
            },
            "Preferences": {"1": {"CurrencyPrefs": {"HomeCurrency": {"value": "USD"}}}},
            "CompanyInfo": {"1": {"CompanyName": "Acme Inc"}},
        }  # fmt: skip
        self.deleted: dict[str, dict[str, str]] = {}
        self.dates_move = True
        """Whether a payment moves the date of change of what it pays."""

    # what people do there

    def tick(self, seconds: float = 60) -> None:
        self.now += dt.timedelta(seconds=seconds)

    def save(self, entity: str, key: str, **values: Any) -> Record:
        now = self.now.isoformat(timespec="seconds")
        record = self.tables[entity].setdefault(key, {"Id": key, "domain": "QBO", "MetaData": {"CreateTime": now}})
        record.update(values, SyncToken=str(int(record.get("SyncToken", -1)) + 1))
        record["MetaData"] = {**record["MetaData"], "LastUpdatedTime": now}
        return record

    def delete(self, entity: str, key: str) -> None:
        del self.tables[entity][key]
        self.deleted.setdefault(entity, {})[key] = self.now.isoformat(timespec="seconds")

    def customer(self, key: str, **values: Any) -> Record:
        return self.save("Customer", key, **{
            "DisplayName": f"{key} Inc", "Active": True, "Balance": ZERO,
            "PrimaryEmailAddr": {"Address": f"{key.lower()}@example.com"},
            "PrimaryPhone": {"FreeFormNumber": "(555) 555-5555"}, **values})  # fmt: skip

    def document(self, entity: str, key: str, customer: str, total: str, **values: Any) -> Record:
        """An invoice or a credit memo."""
        record = self.save(entity, key, **{
            "DocNumber": f"{entity[0]}-{key}", "TxnDate": "2026-03-01", "DueDate": "2026-03-31",
            "CustomerRef": {"value": customer, "name": f"{customer} Inc"}, "TotalAmt": Decimal(total),
            "Balance": Decimal(total), "Line": [], "LinkedTxn": [], **values})  # fmt: skip
        self._post()
        return record

    def pay(self, key: str, customer: str, total: str, uses: Mapping[tuple[str, str], str], **values: Any) -> Record:
        """`uses`: (type, id) -> how much of it."""
        lines = [
            {"Amount": Decimal(amount), "LinkedTxn": [{"TxnId": txn, "TxnType": kind}]}
            for (kind, txn), amount in uses.items()
        ]
        record = self.save("Payment", key, **{
            "TxnDate": "2026-03-10", "CustomerRef": {"value": customer, "name": f"{customer} Inc"},
            "TotalAmt": Decimal(total), "UnappliedAmt": ZERO, "ProcessPayment": False, "Line": lines,
            **values})  # fmt: skip
        self._post()
        return record

    def journal(self, key: str, *lines: tuple[str, str, str], **values: Any) -> Record:
        """`lines`: (account, customer or nobody, amount; a credit is negative)."""
        rows = [
            {"Id": f"{number}", "Amount": abs(Decimal(amount)), "DetailType": "JournalEntryLineDetail",
             "JournalEntryLineDetail": {
                 "PostingType": "Debit" if Decimal(amount) > 0 else "Credit", "AccountRef": {"value": account},
                 **({"Entity": {"Type": "Customer", "EntityRef": {"value": customer, "name": f"{customer} Inc"}}}
                    if customer else {})}}
            for number, (account, customer, amount) in enumerate(lines)
        ]  # fmt: skip
        record = self.save("JournalEntry", key, **{"TxnDate": "2026-03-05", "DocNumber": f"J-{key}", "Line": rows,
                                                   "PrivateNote": None, **values})  # fmt: skip
        self._post()
        return record

    def _booked(self) -> list[tuple[str, str, str, Decimal]]:
        """Of all journal entries what they book on receivable accounts: entry, customer, currency, amount."""
        found = []
        for key, record in self.tables["JournalEntry"].items():
            for line in record["Line"]:
                detail = line["JournalEntryLineDetail"]
                if self.tables["Account"][detail["AccountRef"]["value"]]["AccountType"] == "Accounts Receivable":
                    sign = 1 if detail["PostingType"] == "Debit" else -1
                    customer = detail["Entity"]["EntityRef"]["value"]
                    found.append((key, customer, currency_of(record), sign * line["Amount"]))
        return found

    def void(self, entity: str, key: str) -> None:
        money = {"UnappliedAmt": ZERO} if entity == "Payment" else {"Balance": ZERO}
        self.save(entity, key, TotalAmt=ZERO, Line=[], PrivateNote="Voided", **money)
        self._post()

    def remove(self, entity: str, key: str) -> None:
        self.delete(entity, key)
        self._post()

    def _post(self) -> None:
        """Balances from the documents; those that change are saved by it."""
        used: dict[tuple[str, str], Decimal] = {}
        owed: dict[tuple[str, str], Decimal] = {}

        def owe(customer: str, currency: str, amount: Decimal) -> None:
            owed[customer, currency] = owed.get((customer, currency), ZERO) + amount

        booked = self._booked()
        credits = {("JournalEntry", key) for key, _customer, _currency, amount in booked if amount < 0}
        for payment in self.tables["Payment"].values():
            money = payment["TotalAmt"]
            for line in payment["Line"]:
                (link,) = line["LinkedTxn"]
                place = link["TxnType"], link["TxnId"]
                used[place] = used.get(place, ZERO) + line["Amount"]
                money += line["Amount"] if place[0] == "CreditMemo" or place in credits else -line["Amount"]
            self._set("Payment", payment, UnappliedAmt=money)
        for entity, sign in (("Invoice", 1), ("CreditMemo", -1)):
            for key, record in self.tables[entity].items():
                left = record["TotalAmt"] - record.get("Deposit", ZERO) - used.get((entity, key), ZERO)
                self._set(entity, record, Balance=left)
                owe(record["CustomerRef"]["value"], currency_of(record), sign * left)
        for key, customer, currency, amount in booked:
            part = used.get(("JournalEntry", key), ZERO)
            owe(customer, currency, amount + part if amount < 0 else amount - part)
        for payment in self.tables["Payment"].values():
            owe(payment["CustomerRef"]["value"], currency_of(payment), -payment["UnappliedAmt"])
        for key, record in self.tables["Customer"].items():
            total = sum((amount for (customer, _currency), amount in owed.items() if customer == key), ZERO)
            self._set("Customer", record, Balance=total)
        for account in self.tables["Account"].values():
            if account["AccountType"] == "Accounts Receivable":
                account["CurrentBalance"] = sum(
                    (amount for (_customer, currency), amount in owed.items()
                     if currency == account["CurrencyRef"]["value"]), ZERO)  # fmt: skip

    def _set(self, entity: str, record: Record, **values: Decimal) -> None:
        if any(record[name] != value for name, value in values.items()):
            if self.dates_move:
                self.save(entity, record["Id"], **values)
            else:
                record.update(values)

    def balance(self, customer: str) -> Decimal:
        return Decimal(self.tables["Customer"][customer]["Balance"])

    # what the API answers

    def answer(self, request: Request) -> Reply:
        if request.path == "/tokens":
            return self.tokens.answer(request)
        if not self.tokens.accepts(request):
            return json_reply(fault("AuthenticationFault", "AuthenticationFailed", "3200"), 401)
        if request.path == "/v3/company/9130/query":
            return self._query(request.params["query"])
        if request.path == "/v3/company/9130/cdc":
            return self._changes(request.params["entities"], request.params["changedSince"])
        return json_reply(fault("AuthorizationFault", "ApplicationAuthorizationFailed", "3100"), 403)

    def _query(self, text: str) -> Reply:
        parts = re.fullmatch(
            r"select (?P<what>\*|count\(\*\)) from (?P<entity>\w+)(?: where (?P<where>.+?))?"
            r"(?: orderby (?:MetaData\.(?P<order>\w+), )?Id startposition (?P<start>\d+))?"
            r"(?: maxresults (?P<most>\d+))?",
            text,
        )
        if parts is None or parts["entity"] not in self.tables:
            return json_reply(fault("ValidationFault", "QueryParserError", "4000"), 400)
        where, entity = parts["where"] or "", parts["entity"]
        found = list(self.tables[entity].values())
        if entity in ("Customer", "Account") and "Active in (true, false)" not in where:
            found = [record for record in found if record["Active"]]
        if after := re.search(r"MetaData\.(\w+) >= '(.+?)'", where):
            moment = dt.datetime.fromisoformat(after[2])
            found = [record for record in found if dt.datetime.fromisoformat(record["MetaData"][after[1]]) >= moment]
        if listed := re.search(r"\bId in \((.+?)\)", where):
            found = [record for record in found if f"'{record['Id']}'" in listed[1].split(", ")]
        if kind := re.search(r"AccountType = '(.+?)'", where):
            found = [record for record in found if record["AccountType"] == kind[1]]
        if "Balance > '0'" in where:
            found = [record for record in found if record["Balance"] > 0]
        if parts["what"] == "count(*)":
            return json_reply({"QueryResponse": {"totalCount": len(found)}})
        if parts["order"]:
            found.sort(key=lambda one: (dt.datetime.fromisoformat(one["MetaData"][parts["order"]]), one["Id"]))
        start, most = int(parts["start"] or 1), min(1000, int(parts["most"] or 100))
        page = found[start - 1 : start - 1 + most]
        return json_reply({"QueryResponse": {entity: page} if page else {}, "time": self.now.isoformat()})

    def _changes(self, entity: str, since: str) -> Reply:
        moment = dt.datetime.fromisoformat(since)
        if moment < self.now - dt.timedelta(days=30):
            return json_reply(fault("ValidationFault", "ChangedSince is more than 30 days ago", "2010"), 400)
        gone = [
            {"Id": key, "status": "Deleted", "domain": "QBO", "MetaData": {"LastUpdatedTime": at}}
            for key, at in self.deleted.get(entity, {}).items()
            if dt.datetime.fromisoformat(at) >= moment
        ]
        changed = [one for one in self.tables[entity].values()
                   if dt.datetime.fromisoformat(one["MetaData"]["LastUpdatedTime"]) >= moment]  # fmt: skip
        return json_reply({"CDCResponse": [{"QueryResponse": [{entity: [*changed, *gone]}]}]})


def currency_of(record: Record) -> str:
    return str(record.get("CurrencyRef", {"value": "USD"})["value"])


def fault(kind: str, message: str, code: str) -> Record:
    return {"Fault": {"Error": [{"Message": message, "Detail": f"{message} at 9130", "code": code}], "type": kind}}
