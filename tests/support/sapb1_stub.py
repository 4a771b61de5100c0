"""SAP Business One as its Service Layer shows it: a session in cookies that ends, OData with what it understands of it,
pages of 20 unless `Prefer` asks for more, dates without time, sums only by the means of a payment.

It keeps its own books: `PaidToDate` of an invoice is what its payments and reconciliations left of it, and paying does
not move `UpdateDate`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from support.stub_server import Reply, Request, Stub, json_reply

Record = dict[str, Any]
PASSWORD = "s3cr3t-of-b1"
KEYS = {
    "Invoices": "DocEntry", "CreditNotes": "DocEntry", "IncomingPayments": "DocEntry", "VendorPayments": "DocEntry",
    "InternalReconciliations": "ReconNum", "BusinessPartners": "CardCode", "Currencies": "Code",
    "JournalEntries": "JdtNum",
}  # fmt: skip
TYPES = {"Invoices": "13", "CreditNotes": "14", "IncomingPayments": "24", "VendorPayments": "46"}
CONDITION = re.compile(r"(\w+) (eq|ne|gt|ge) ('(?:[^']|'')*'|\d+)$")
OPERATORS = {
    "eq": lambda one, other: one == other,
    "ne": lambda one, other: one != other,
    "gt": lambda one, other: one > other,
    "ge": lambda one, other: one >= other,
}


class ServiceLayer(Stub):
    """`tables`: entity set -> key -> record. Local currency "S/" (PEN), "$" is USD."""

    def __init__(self) -> None:
        super().__init__()
        self.today = dt.date(2026, 3, 1)
        self.sessions: set[str] = set()
        self.logins = 0
        self.down_payments: dict[str, Decimal] = {}
        """By customer what is owed of down payment invoices."""
        self.tables: dict[str, dict[Any, Record]] = {name: {} for name in KEYS}
        for code, iso in (("S/", "PEN"), ("$", "USD")):
            self.tables["Currencies"][code] = {"Code": code, "Name": iso, "DocumentsCode": iso}

    # what people do there

    def customer(self, code: str) -> Record:
        return self._put("BusinessPartners", {
            "CardCode": code, "CardName": f"{code} S.A.", "CardType": "cCustomer", "FederalTaxID": "20100100100",
            "Country": "PE", "EmailAddress": f"{code.lower()}@example.com", "Cellular": None, "Phone1": "01 555",
            "FatherCard": None, "AdditionalID": None, "Currency": "##", "Frozen": "tNO", "Valid": "tYES",
            "SalesPersonCode": 3, "LanguageCode": 25,
            "CreditLimit": Decimal("5000.0"), "CompanyPrivate": "cCompany"})  # fmt: skip

    def invoice(
        self, customer: str, total: str, instalments: Sequence[tuple[str, str]] = (), *, rate: str = "", **values: Any
    ) -> int:
        """`rate`: it is in dollars, and `total` too."""
        return self._document("Invoices", customer, total, instalments, rate, values)

    def credit_note(self, customer: str, total: str, against: int | None = None) -> int:
        """`against`: made from that invoice, with which it is reconciled at once."""
        entry = self._document("CreditNotes", customer, total, (), "", {})
        if against:
            self.reconcile(customer, [("13", against, "codDebit", total), ("14", entry, "codCredit", total)],
                           "rtCreditMemo")  # fmt: skip
        return entry

    def payment(
        self, customer: str, total: str, lines: Sequence[tuple[str, int, int, str]], *, rate: str = "",
        table: str = "IncomingPayments", **values: Any,
    ) -> int:  # fmt: skip
        """`total` in local currency. `lines`: (type, document, instalment, amount in the document's currency).
        `table`: VendorPayments for what is paid back."""
        rows = []
        for number, (kind, entry, instalment, amount) in enumerate(lines):
            of = {"it_Invoice": "Invoices", "it_CredItnote": "CreditNotes", "it_Receipt": "IncomingPayments",
                  "it_PaymentAdvice": "VendorPayments"}.get(kind)  # fmt: skip
            is_foreign = of is not None and self.tables[of][entry]["DocCurrency"] == "$"
            local = Decimal(amount) * Decimal("3.75") if is_foreign else Decimal(amount)
            rows.append({"LineNum": number, "DocEntry": entry, "DocNum": entry, "SumApplied": local,
                         "AppliedFC": Decimal(amount) if is_foreign else Decimal("0.0"), "InvoiceType": kind,
                         "InstallmentId": instalment, "DocLine": 0, "TotalDiscount": Decimal("0.0"),
                         "TotalDiscountFC": Decimal("0.0")})  # fmt: skip
        entry = self._next(table)
        self._put(table, {
            "DocEntry": entry, "DocNum": 7000 + entry, "DocType": "rCustomer", "DocDate": self._day(),
            "CardCode": customer, "DocCurrency": "$" if rate else "S/", "DocRate": Decimal(rate or "0.0"),
            "CashSum": Decimal("0.0"), "TransferSum": Decimal(total), "BillOfExchangeAmount": Decimal("0.0"),
            "TransferReference": None, "CounterReference": None, "Cancelled": "tNO", "PaymentInvoices": rows,
            "PaymentChecks": [], "PaymentCreditCards": [], **values})  # fmt: skip
        return entry

    def journal(self, *lines: tuple[str, str], kind: str = "ttJournalEntry", rate: str = "") -> int:
        """`lines`: (customer, supplier or account, amount; below nothing, credited); one of an account balances them.
        `rate`: the amounts are in dollars."""
        entry, factor = self._next("JournalEntries"), Decimal(rate or 1)
        against = -sum((Decimal(amount) for _name, amount in lines), Decimal(0))
        self._put("JournalEntries", {
            "JdtNum": entry, "Number": 500 + entry, "ReferenceDate": self._day(), "DueDate": self._day(),
            "Reference": None, "Memo": "by hand", "OriginalJournal": kind, "JournalEntryLines": [
                {"Line_ID": place, "AccountCode": "1010", "ShortName": name, "DueDate": self._day(),
                 "Debit": max(Decimal(amount), Decimal(0)) * factor,
                 "Credit": max(-Decimal(amount), Decimal(0)) * factor, "FCCurrency": "$" if rate else None,
                 "FCDebit": max(Decimal(amount), Decimal(0)) if rate else Decimal("0.0"),
                 "FCCredit": max(-Decimal(amount), Decimal(0)) if rate else Decimal("0.0")}
                for place, (name, amount) in enumerate([*lines, ("4010", f"{against:f}")])]})  # fmt: skip
        return entry

    def reconcile(
        self, customer: str, rows: Sequence[tuple[str, int, str, str]], kind: str = "rtManual", **values: Any
    ) -> int:
        """`rows`: (object type, document, side, amount); of a journal entry its first line."""
        number = self._next("InternalReconciliations")
        self._put("InternalReconciliations", {
            "ReconNum": number, "ReconDate": self._day(), "CardOrAccount": "coaCard", "ReconType": kind,
            "Total": Decimal(0), "CancelAbs": 0, "InternalReconciliationRows": [
                {"ShortName": customer, "TransId": entry if object_type == "30" else 100 + place,
                 "TransRowId": 0, "SrcObjTyp": object_type,
                 "SrcObjAbs": entry, "CreditOrDebit": side, "ReconcileAmount": Decimal(amount),
                 "CashDiscount": Decimal("0.0")}
                for place, (object_type, entry, side, amount) in enumerate(rows)], **values})  # fmt: skip
        return number

    def cancel_payment(self, entry: int) -> None:
        self.tables["IncomingPayments"][entry]["Cancelled"] = "tYES"

    def cancel_reconciliation(self, number: int) -> None:
        self.tables["InternalReconciliations"][number]["CancelAbs"] = number + 1

    def cancel_invoice(self, entry: int) -> None:
        """A document of its own cancels it; both are reconciled with each other."""
        invoice = self.tables["Invoices"][entry]
        total = f"{invoice['DocTotal']:f}"
        other = self.invoice(invoice["CardCode"], total, CancelStatus="csCancellation")
        invoice.update(CancelStatus="csYes", UpdateDate=self._day())
        self.reconcile(invoice["CardCode"], [("13", entry, "codDebit", total), ("13", other, "codCredit", total)],
                       "rtCancellation")  # fmt: skip

    # its books

    def paid(self, entry: int) -> Decimal:
        """In the currency of the invoice."""
        found = Decimal(0)
        for payment in (*self.tables["IncomingPayments"].values(), *self.tables["VendorPayments"].values()):
            if payment["Cancelled"] == "tNO":
                found += sum(
                    (line["AppliedFC"] or line["SumApplied"] for line in payment["PaymentInvoices"]
                     if line["InvoiceType"] == "it_Invoice" and line["DocEntry"] == entry), Decimal(0))  # fmt: skip
        for reconciliation in self.tables["InternalReconciliations"].values():
            if not reconciliation["CancelAbs"]:
                found += sum(
                    (row["ReconcileAmount"] for row in reconciliation["InternalReconciliationRows"]
                     if (row["SrcObjTyp"], row["SrcObjAbs"]) == ("13", entry)), Decimal(0))  # fmt: skip
        return found

    def balance(self, customer: str) -> Decimal:
        """CurrentAccountBalance of a customer without foreign documents."""
        found = self.down_payments.get(customer, Decimal(0))
        for entry in self.tables["JournalEntries"].values():
            if entry["OriginalJournal"] != "ttARInvoice":  # that is the invoice itself
                found += sum(
                    (line["Debit"] - line["Credit"] for line in entry["JournalEntryLines"]
                     if line["ShortName"] == customer), Decimal(0))  # fmt: skip
        for table, sign in (("Invoices", 1), ("CreditNotes", -1)):
            found += sum(
                (sign * document["DocTotal"] for document in self.tables[table].values()
                 if document["CardCode"] == customer and document["CancelStatus"] == "csNo"), Decimal(0))  # fmt: skip
        for table, sign in (("IncomingPayments", -1), ("VendorPayments", 1)):
            found += sum(
                (sign * (payment["TransferSum"] + payment["CashSum"]) for payment in self.tables[table].values()
                 if payment["CardCode"] == customer and payment["Cancelled"] == "tNO"), Decimal(0))  # fmt: skip
        return found

    def _document(
        self, table: str, customer: str, total: str, instalments: Sequence[tuple[str, str]], rate: str, values: Record
    ) -> int:
        entry, factor = self._next(table), Decimal(rate or 1)
        due = (self.today + dt.timedelta(days=30)).isoformat()
        self._put(table, {
            "DocEntry": entry, "DocNum": 1000 + entry, "CardCode": customer, "CardName": f"{customer} S.A.",
            "NumAtCard": None, "BPLName": None, "DocDate": self._day(), "DocDueDate": f"{due}T00:00:00Z",
            "UpdateDate": self._day(), "UpdateTime": "10:15:00", "CancelStatus": "csNo", "DocumentStatus": "bost_Open",
            "DocCurrency": "$" if rate else "S/", "DocRate": Decimal(rate or "1.0"),
            "DocTotal": Decimal(total) * factor, "DocTotalFc": Decimal(total) if rate else Decimal("0.0"),
            "DocumentLines": [{"LineNum": 0, "ItemCode": "A"}],
            "DocumentInstallments": [
                {"DueDate": f"{when}T00:00:00Z", "Percentage": Decimal("50.0"), "Total": Decimal(part) * factor,
                 "TotalFC": Decimal(part) if rate else Decimal("0.0"), "DunningLevel": 0, "InstallmentId": number,
                 "PaymentOrdered": "tNO"}
                for number, (when, part) in enumerate(instalments or [(due, total)], 1)], **values})  # fmt: skip
        return entry

    def _put(self, table: str, record: Record) -> Record:
        self.tables[table][record[KEYS[table]]] = record
        return record

    def _next(self, table: str) -> int:
        return max(self.tables[table], default=0) + 1

    def _day(self) -> str:
        return f"{self.today.isoformat()}T00:00:00Z"

    # what the API answers

    def answer(self, request: Request) -> Reply:
        if request.path == "/b1s/v2/Login":
            return self._login(request)
        if self._session(request) not in self.sessions:
            said = {"code": "301", "message": "Invalid session or session already timeout."}
            return json_reply({"error": said}, 401)
        path = request.path.removeprefix("/b1s/v2/")
        if path == "Logout":
            self.sessions.discard(self._session(request))
            return Reply(204)
        if path == "CompanyService_GetAdminInfo":
            return json_reply({"CompanyName": "Acme S.A.", "LocalCurrency": "S/", "SystemCurrency": "$"})
        table, _, rest = path.partition("/")
        if table not in KEYS:
            return json_reply({"error": {"code": "-2000", "message": f"Unrecognized resource path: {path}"}}, 404)
        found = self._found(table, request)
        if rest == "$count":
            return Reply(200, str(len(found)).encode(), {"Content-Type": "text/plain"})
        size = int(request.headers.get("prefer", "odata.maxpagesize=20").rpartition("=")[2])
        start, top = int(request.params.get("$skip", 0)), int(request.params.get("$top", 1 << 30))
        page = found[start : start + min(size, top)]
        answer: Record = {"@odata.context": f"{self.url}/b1s/v2/$metadata#{table}", "value": page}
        if start + len(page) < len(found) and len(page) < top:
            answer["@odata.nextLink"] = f"{table}?$skip={start + len(page)}"
        return json_reply(answer)

    def _login(self, request: Request) -> Reply:
        said = request.json
        if (said["CompanyDB"], said["UserName"], said["Password"]) != ("SBO_ACME", "reader", PASSWORD):
            return json_reply({"error": {"code": "-304", "message": "Fail to get DB Credentials from SLD"}}, 401)
        self.logins += 1
        session = f"session-{self.logins}"
        self.sessions.add(session)
        return json_reply({"SessionId": session, "Version": "1000220", "SessionTimeout": 30},
                          **{"Set-Cookie": f"B1SESSION={session};HttpOnly;, ROUTEID=.node3; path=/b1s"})  # fmt: skip

    def _session(self, request: Request) -> str:
        cookies = dict(part.split("=", 1) for part in request.headers.get("cookie", "=").split("; "))
        return cookies.get("B1SESSION", "") if cookies.get("ROUTEID") == ".node3" else ""

    def _found(self, table: str, request: Request) -> list[Record]:
        found = [dict(record) for record in self.tables[table].values()]
        if table == "Invoices":
            for record in found:
                paid = self.paid(record["DocEntry"])
                is_foreign = record["DocCurrency"] == "$"
                record["PaidToDate"] = paid * record["DocRate"]
                record["PaidToDateFC"] = paid if is_foreign else Decimal("0.0")
        if table == "BusinessPartners":
            for record in found:
                record["CurrentAccountBalance"] = self.balance(record["CardCode"])
        for condition in request.params.get("$filter", "").split(" and "):
            if condition:
                matched = CONDITION.match(condition)
                assert matched, f"the Service Layer does not understand {condition!r}"
                name, operator, said = matched.groups()
                value = said[1:-1].replace("''", "'") if said.startswith("'") else int(said)
                value = f"{value}T00:00:00Z" if name.endswith("Date") else value
                found = [record for record in found if OPERATORS[operator](record[name], value)]
        for part in reversed(request.params.get("$orderby", KEYS[table]).split(",")):
            name, _, direction = part.partition(" ")
            found.sort(key=lambda record: record[name], reverse=direction == "desc")
        fields = request.params.get("$select", "").split(",")
        if fields == [""]:
            return found
        return [{name: record[name] for name in fields} for record in found]
